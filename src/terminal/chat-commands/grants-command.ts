import type { Grant } from '../../contracts/permission.ts'
import { describeExpiry } from '../prompts/describe-request.ts'
import { toPlainLine } from '../text-filter.ts'
import type { ChatCommand, ChatContext } from './chat-command.ts'
import { pickNumbered } from './pick-numbered.ts'

/** Standing permissions of the owner: lists and revokes them. */
export const grantsCommand: ChatCommand = {
  usage: '[revoke N]',
  help: 'lists what runs without a question; takes one back',
  async run(context, rest) {
    const [action = '', number = ''] = rest.split(/\s+/)
    if (action === '') return listGrants(context)
    if (action !== 'revoke') return context.say('Write /grants, or /grants revoke N.')
    const { client, say, listed } = context
    const grant = pickNumbered(listed.grants ?? (await fetchGrants(context)), number, say)
    if (!grant) return
    await client.revokeGrant(grant.id)
    say(`Revoked: ${describeGrant(grant)}`)
  },
}

async function listGrants(context: ChatContext): Promise<void> {
  const grants = await fetchGrants(context)
  if (grants.length === 0) context.say('There are no grants.')
  for (const [index, grant] of grants.entries()) {
    const { conversationId } = grant
    const here = conversationId === context.chat.conversationId
    const where = conversationId === undefined ? 'everywhere' : here ? 'here' : `in ${conversationId}`
    const words = [describeGrant(grant), toPlainLine(where), describeExpiry(grant, Date.now())]
    context.say(`${index + 1}  ${words.join(', ')}`)
  }
}

async function fetchGrants({ client, listed }: ChatContext): Promise<readonly Grant[]> {
  const { grants } = await client.listGrants()
  listed.grants = grants
  return grants
}

function describeGrant({ tool, effect, chainId, contract, domain }: Grant): string {
  const parts = [
    tool ?? 'every tool',
    ...(effect === undefined ? [] : [`up to ${effect}`]),
    ...(chainId === undefined ? [] : [`chain ${chainId}`]),
    ...(contract === undefined ? [] : [contract]),
    ...(domain === undefined ? [] : [domain]),
  ]
  return toPlainLine(parts.join(' · '))
}
