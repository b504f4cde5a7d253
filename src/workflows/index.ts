/** Every workflow type of the worker's bundle. */
export { conversation } from './conversation.ts'
