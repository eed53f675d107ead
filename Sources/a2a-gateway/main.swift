import Gateway
import Glibc

exit(CommandLineTool.run(Array(CommandLine.arguments.dropFirst())).rawValue)
