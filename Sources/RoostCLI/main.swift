import RoostCommands

await RoostCommand.start()
