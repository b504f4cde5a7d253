import type { Client } from '../client/create-client.ts'
import type { HumanRequest } from '../contracts/human-request.ts'
import { AskScreen } from './ask-screen.ts'
import { AskedTurn } from './asked-turn.ts'
import { sayConnection } from './connection-remarks.ts'
import { CommandError, exitCodes } from './exit-code.ts'
import type { TerminalStream } from './live-region.ts'
import { Narrator } from './narrator.ts'
import { createPalette, type Palette } from './palette.ts'
import { postQuestion, type QuestionOptions } from './post-question.ts'
import { describeExpiry, describeRequest } from './prompts/describe-request.ts'
import { stopAskedTurn } from './stop-asked-turn.ts'
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
  const say = (remark: string) => void (options.json || screen.line(palette.dim(remark)))
  const asked = await postQuestion(client, question, options)
  say(`Conversation ${asked.conversationId}${asked.queued ? ': the question is queued' : ''}`)
  const turn = new AskedTurn(client, asked)
  const leave = new AbortController()
  const stopWatching = stopAskedTurn(turn, stop, { leave, say })
  const timer = setInterval(() => options.json || screen.draw(turn.view, Date.now()), frameMs)
  try {
    const follow = { signal: leave.signal, giveUpAfterMs: patienceMs, onConnection: sayConnection(say) }
    await showTurn(turn, follow, options.json ? toJsonPrinter(streams.stdout) : toNarrator(screen, palette))
  } finally {
    clearInterval(timer)
    stopWatching()
    screen.close()
  }
  if (turn.waitsFor) throw waitingError(turn.waitsFor)
  if (turn.end === undefined && turn.stalled) throw stalledError(asked.conversationId)
  if (turn.end === undefined) throw new CommandError(Number(stop.reason), 'Left before the turn ended.')
  return stop.aborted && turn.end !== exitCodes.success ? Number(stop.reason) : turn.end
}

type Follow = Parameters<AskedTurn['follow']>[0]
type ShowEvent = Parameters<Narrator['tell']>

async function showTurn(turn: AskedTurn, follow: Follow, show: (...event: ShowEvent) => void): Promise<void> {
  for await (const event of turn.follow(follow)) {
    show(event, turn.view)
  }
}

/** The turn is not lost: it goes on whenever the answer comes. */
function waitingError(request: HumanRequest): CommandError {
  const what = `Waiting ${describeExpiry(request, Date.now())} for ${describeRequest(request)}.`
  const how = `Answer with: perdura chat --conversation ${request.conversationId}`
  return new CommandError(exitCodes.waiting, `${what} ${how}`)
}

function stalledError(conversationId: string): CommandError {
  const how = `Reset it with /reset in: perdura chat --conversation ${conversationId}`
  return new CommandError(
    exitCodes.unavailable,
    `The conversation is stalled: its workflow cannot go on. ${how}`,
  )
}

function toJsonPrinter(stdout: TerminalStream): (...event: ShowEvent) => void {
  return (event) => void stdout.write(toJsonLine(event))
}

function toNarrator(screen: AskScreen, palette: Palette): (...event: ShowEvent) => void {
  const columns = () => screen.columns
  const narrator = new Narrator({ palette, columns, progressLines: !screen.drawsInPlace, userLines: false })
  return (...event) => {
    for (const narration of narrator.tell(...event)) screen.show(narration)
  }
}
