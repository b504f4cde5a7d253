/** What a tool file imports as `perdura/toolkit`. */
export { AppError } from '../contracts/errors.ts'
export { defineTool } from './define-tool.ts'
export { address, blockRef, chainId, codeKind, decimal, untrustedText } from './fields.ts'
export { step } from './step.ts'
export type { AskingTool, SingleTool, SteppedTool, Tool, ToolContext, ToolStep } from './tool.ts'
export type {
  ChainPort,
  CompilerPort,
  HttpAnswer,
  HttpPort,
  HttpRequest,
  ToolServices,
} from './tool-services.ts'
