import Foundation
import Gateway

exit(CommandLineTool.run(Array(CommandLine.arguments.dropFirst())).rawValue)
