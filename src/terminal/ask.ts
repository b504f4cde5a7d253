import type { Client } from '../client/create-client.ts'
import { AskScreen } from './ask-screen.ts'
import { AskedTurn } from './asked-turn.ts'
import { CommandError, exitCodes } from './exit-code.ts'
import type { TerminalStream } from './live-region.ts'
import { Narrator } from './narrator.ts'
import { createPalette } from './palette.ts'
import { postQuestion, type QuestionOptions } from './post-question.ts'
import { toJsonLine } from './to-json-line.ts'

export type AskOptions = QuestionOptions & {
  /** Events as JSON lines on stdout instead of the answer. */
  json: boolean
}

export type AskStreams = {
  stdout: TerminalStream
  stderr: TerminalStream
  env: Record<string, string | undefined>
}

/** How often running tools are drawn, in milliseconds. */
const frameMs = 100
/** How long a stopped turn may take to end before the command leaves without it, in milliseconds. */
const goodbyeMs = 10_000
/** Without a connection for this long, a script is told rather than kept waiting, in milliseconds. */
const patienceMs = 60_000

/**
 * Asks one question, shows the turn that answers it, and returns the exit code. `stop` ends the turn; its
 * reason is the exit code to leave with.
 */
export async function ask(
  client: Client,
  question: string,
  options: AskOptions,
  streams: AskStreams,
  stop: AbortSignal,
): Promise<number> {
  const palette = createPalette(streams.stderr, streams.env)
  const screen = new AskScreen(streams.stdout, streams.stderr, palette)
  const asked = await postQuestion(client, question, options)
  if (!options.json) {
    screen.line(
      palette.dim(`Conversation ${asked.conversationId}${asked.queued ? ': the question is queued' : ''}`),
    )
  }
  const narrator = new Narrator({
    palette,
    columns: () => screen.columns,
    progressLines: !screen.drawsInPlace,
    userLines: false,
  })
  const turn = new AskedTurn(client, asked)
  const leave = new AbortController()
  const onStop = () => void stopTurn(turn, leave, (text) => screen.line(palette.dim(text)))
  stop.addEventListener('abort', onStop)
  if (stop.aborted) onStop()
  const timer = setInterval(() => !options.json && screen.draw(turn.view, Date.now()), frameMs)
  try {
    for await (const event of turn.follow({
      signal: leave.signal,
      giveUpAfterMs: patienceMs,
      onConnection: (change) => {
        if (change.kind === 'lost' && !options.json)
          screen.line(palette.dim('The connection was lost; trying again.'))
      },
    })) {
      if (options.json) streams.stdout.write(toJsonLine(event))
      else for (const narration of narrator.tell(event, turn.view)) screen.show(narration)
      if (turn.end !== undefined)
        return stop.aborted && turn.end !== exitCodes.success ? Number(stop.reason) : turn.end
    }
    throw new CommandError(Number(stop.reason), 'Left before the turn ended.')
  } finally {
    clearInterval(timer)
    leave.abort()
    stop.removeEventListener('abort', onStop)
    screen.close()
  }
}

async function stopTurn(turn: AskedTurn, leave: AbortController, say: (text: string) => void): Promise<void> {
  say('Stopping…')
  const timer = setTimeout(() => leave.abort(), goodbyeMs)
  leave.signal.addEventListener('abort', () => clearTimeout(timer))
  try {
    if (await turn.stop()) return
    say('The question waits for its turn and will be answered there.')
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
  }
  leave.abort()
}
