import RoostCommands

RoostCommand.launch()
