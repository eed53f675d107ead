import Glibc

exit(BenchTool.run(Array(CommandLine.arguments.dropFirst())))
