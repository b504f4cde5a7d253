import type { ChatCommand, ChatContext } from './chat-command.ts'
import { listCommand, newCommand, openCommand, resetCommand } from './conversation-commands.ts'
import { grantsCommand } from './grants-command.ts'
import { afterCommand, nowCommand, steerCommand, stopCommand } from './message-commands.ts'
import { backCommand, declineCommand, laterCommand } from './prompt-commands.ts'
import { queueCommand } from './queue-command.ts'
import { requestsCommand } from './requests-command.ts'
import { permissionsCommand, policyCommand } from './settings-commands.ts'

const chatCommands: Record<string, ChatCommand> = {
  stop: stopCommand,
  now: nowCommand,
  steer: steerCommand,
  after: afterCommand,
  queue: queueCommand,
  requests: requestsCommand,
  later: laterCommand,
  back: backCommand,
  decline: declineCommand,
  grants: grantsCommand,
  permissions: permissionsCommand,
  policy: policyCommand,
  new: newCommand,
  list: listCommand,
  open: openCommand,
  reset: resetCommand,
  help: { usage: '', help: 'shows this', run: ({ say }) => helpLines().forEach(say) },
  exit: { usage: '', help: 'leaves; a running turn goes on (also Ctrl-D)', run: ({ leave }) => leave() },
}

/** Runs a slash command; unknown ones are explained, never sent to the model, and failures are told. */
export async function runChatCommand(input: string, context: ChatContext): Promise<void> {
  const [, name = '', rest = ''] = /^\/(\S*)\s*([^]*)$/.exec(input.trim()) ?? []
  const command = Object.hasOwn(chatCommands, name) ? chatCommands[name] : undefined
  if (!command) return context.say(`There is no command /${name}. /help shows what there is.`)
  try {
    await command.run(context, rest)
  } catch (error) {
    context.say(error instanceof Error ? error.message : String(error))
  }
}

function helpLines(): string[] {
  const commands = Object.entries(chatCommands).map(([name, { usage, help }]) =>
    [`  /${name}`, ...(usage === '' ? [] : [usage]), `· ${help}`].join(' '),
  )
  return [
    ...commands,
    '  //TEXT · a message or an answer that begins with a slash',
    '  Ctrl-C · stops the turn; a second one, or one when nothing runs, leaves',
  ]
}
