import type { BusyPolicy } from '../../contracts/conversation.ts'
import type { PermissionPolicy } from '../../contracts/permission.ts'
import type { ChatCommand } from './chat-command.ts'

const busyPolicies: readonly BusyPolicy[] = ['queue', 'steer', 'interrupt', 'reject']
const permissionPolicies: readonly PermissionPolicy[] = ['ask', 'allowReads', 'denyAll']

/** What happens to messages that are sent during a turn. */
export const policyCommand: ChatCommand = {
  usage: busyPolicies.join('|'),
  help: 'what happens to messages during a turn; alone, shows it',
  async run({ chat, say }, rest) {
    const busyPolicy = busyPolicies.find((each) => each === rest)
    if (rest !== '' && busyPolicy === undefined) return say(`Write one of ${busyPolicies.join(', ')}.`)
    if (busyPolicy === undefined) {
      return say(`Messages during a turn: ${chat.settings.busyPolicy ?? 'as the server does it'}.`)
    }
    await chat.change({ busyPolicy })
    if (chat.conversationId === undefined) say(`The next conversation begins with ${busyPolicy}.`)
  },
}

/** Which tools run without a question. */
export const permissionsCommand: ChatCommand = {
  usage: permissionPolicies.join('|'),
  help: 'which tools ask before they run; alone, shows it',
  async run({ chat, say }, rest) {
    const permissions = permissionPolicies.find((each) => each === rest)
    if (rest !== '' && permissions === undefined) return say(`Write one of ${permissionPolicies.join(', ')}.`)
    if (permissions === undefined) {
      return say(`Permissions: ${chat.settings.permissions ?? 'as the server does it'}.`)
    }
    await chat.change({ permissions })
    if (chat.conversationId === undefined) say(`The next conversation begins with ${permissions}.`)
  },
}
