import type { HumanRequest } from '../../contracts/human-request.ts'
import { describeExpiry, describeRequest } from '../prompts/describe-request.ts'
import { toPlainLine } from '../text-filter.ts'
import type { ChatCommand, ChatContext } from './chat-command.ts'
import { pickNumbered } from './pick-numbered.ts'

/** What people are asked for in all conversations of the owner: lists it, answers one. */
export const requestsCommand: ChatCommand = {
  usage: '[N]',
  help: 'lists what you are asked for in all conversations; answers one',
  async run(context, rest) {
    if (rest === '') return listRequests(context)
    const known = context.listed.requests ?? (await fetchRequests(context))
    const request = pickNumbered(known, rest, context.say)
    if (request) context.chat.desk.choose(request)
  },
}

async function listRequests(context: ChatContext): Promise<void> {
  const requests = await fetchRequests(context)
  if (requests.length === 0) context.say('You are asked for nothing.')
  for (const [index, request] of requests.entries()) {
    const { conversationId } = request
    const where = conversationId === context.chat.conversationId ? 'here' : toPlainLine(conversationId)
    context.say(`${index + 1}  ${where}  ${describeRequest(request)}, ${describeExpiry(request, Date.now())}`)
  }
}

async function fetchRequests({ client, listed }: ChatContext): Promise<readonly HumanRequest[]> {
  const { requests } = await client.listRequests()
  listed.requests = requests
  return requests
}
