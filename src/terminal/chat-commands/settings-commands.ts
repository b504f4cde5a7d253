import { busyPolicies, type BusyPolicy } from '../../contracts/conversation.ts'
import { permissionPolicies, type PermissionPolicy } from '../../contracts/permission.ts'
import type { Chat } from '../chat.ts'
import type { ChatCommand } from './chat-command.ts'

type Setting<Value extends string> = {
  values: readonly Value[]
  help: string
  title: string
  read: (settings: Chat['settings']) => Value | undefined
  toChange: (value: Value) => Chat['settings']
}

/** Shows a setting of the conversation, or changes it. */
function createSettingCommand<Value extends string>(setting: Setting<Value>): ChatCommand {
  const { values, help, title, read, toChange } = setting
  return {
    usage: values.join('|'),
    help,
    async run({ chat, say }, rest) {
      if (rest === '') return say(`${title}: ${read(chat.settings) ?? 'as the server does it'}.`)
      const value = values.find((each) => each === rest)
      if (value === undefined) return say(`Write one of ${values.join(', ')}.`)
      await chat.change(toChange(value))
      if (chat.conversationId === undefined) say(`The next conversation begins with ${value}.`)
    },
  }
}

export const policyCommand = createSettingCommand<BusyPolicy>({
  values: busyPolicies,
  help: 'what happens to messages during a turn; alone, shows it',
  title: 'Messages during a turn',
  read: ({ busyPolicy }) => busyPolicy,
  toChange: (busyPolicy) => ({ busyPolicy }),
})

export const permissionsCommand = createSettingCommand<PermissionPolicy>({
  values: permissionPolicies,
  help: 'which tools ask before they run; alone, shows it',
  title: 'Permissions',
  read: ({ permissions }) => permissions,
  toChange: (permissions) => ({ permissions }),
})
