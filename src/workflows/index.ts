/** Every workflow type of the worker's bundle. */
export { backgroundCall } from './background-call.ts'
export { conversation } from './conversation.ts'
