print("Roost")
