import { findContextEntry } from '../client/apply-context-event.ts'
import { findCall, findMessage } from '../client/entry-list.ts'
import type { CallEntry, ContextEntry, ConversationView, MessageEntry } from '../client/conversation-view.ts'
import type { StreamEvent } from '../contracts/event.ts'
import { AnswerText } from './answer-text.ts'
import { describeChanges } from './describe-changes.ts'
import { describeContext } from './describe-context.ts'
import { describeOutcome } from './describe-outcome.ts'
import type { Palette } from './palette.ts'
import { PlainProgress } from './plain-progress.ts'
import { toPlainLine, toPlainText } from './text-filter.ts'
import { toolRow } from './tool-row.ts'

/**
 * What a screen shows next: a piece of the answer, the answer's end, a line of its own, or a line from aside that
 * does not end the answer it comes in.
 */
export type Narration =
  | { kind: 'answer'; text: string }
  | { kind: 'answerEnd' }
  | { kind: 'line'; text: string }
  | { kind: 'aside'; text: string }

export type NarratorOptions = {
  palette: Palette
  columns: () => number
  /** Tells how running tools go on in lines; without it a screen draws them in place. */
  progressLines: boolean
  /** Tells what users said. */
  userLines: boolean
}

/** Turns events into what a person reads, once each, in order. */
export class Narrator {
  readonly #options: NarratorOptions
  readonly #answers = new Map<string, AnswerText>()
  readonly #progress = new PlainProgress()
  #summingUp: string | undefined

  constructor(options: NarratorOptions) {
    this.#options = options
  }

  /** `view` is the view after the event. */
  tell(event: StreamEvent, view: ConversationView): Narration[] {
    const { palette, userLines } = this.#options
    switch (event.type) {
      case 'snapshot':
        return [this.remark('The conversation was loaded anew.'), ...this.#tellLatestAnswers(view)]
      case 'turn.started':
        return userLines ? this.#tellTrigger(event.trigger, view) : []
      case 'round.started':
        return userLines ? this.#tellMessages(event.messageIds ?? [], view) : []
      case 'message.withdrawn':
        return [
          this.aside(`Withdrawn: ${toPlainLine(findMessage(view, event.messageId)?.content.text ?? '')}`),
        ]
      case 'conversation.updated':
        return describeChanges(event).map((text) => this.aside(text))
      case 'text.started':
      case 'text.delta':
      case 'text.completed':
        return this.tellAnswer(findMessage(view, event.messageId))
      case 'tool.started':
      case 'tool.step':
      case 'tool.progress':
      case 'tool.completed':
        return this.#tellCall(event, findCall(view, event.callId))
      case 'messages.superseded':
        return [
          { kind: 'answerEnd' },
          this.remark('── edited: what followed is no part of the conversation any more'),
        ]
      case 'messages.restored':
        return [
          { kind: 'answerEnd' },
          this.remark('── taken back: what the edit had replaced is part of the conversation again'),
        ]
      case 'context.compacted':
      case 'context.cleared':
        return this.tellContext(findContextEntry(view, event))
      case 'system.note':
        return [this.#tellNote(event.source, event.text)]
      case 'message.refused':
        return [
          toAside(
            palette.red(`The message was refused${event.code === undefined ? '' : `: ${event.code}`}.`),
          ),
        ]
      case 'notice':
        // The change of the conversation has said it, with what to do in a terminal.
        return event.level === 'info' || event.code === 'stalled'
          ? []
          : [toAside(palette.yellow(`! ${toPlainLine(event.message)}`))]
      case 'turn.finished':
        return this.#tellEnd(event, view)
      // Seen in what follows, or of no interest to a reader of lines.
      case 'user.message':
      case 'message.queued':
      case 'message.updated':
      case 'turn.waiting':
      case 'round.finished':
      case 'reasoning.delta':
      case 'reasoning.completed':
      case 'request.opened':
      case 'request.resolved':
      case 'plan.updated':
      case 'tx.status':
      case 'usage.recorded':
      default:
        return []
    }
  }

  /** What is new in an answer, wherever it comes from. */
  tellAnswer(message: MessageEntry | undefined): Narration[] {
    if (!message || message.role !== 'assistant') return []
    const answer = this.#answers.get(message.id) ?? new AnswerText()
    this.#answers.set(message.id, answer)
    const { kind, text } = answer.next(message)
    return [
      ...(kind === 'again' ? [{ kind: 'answerEnd' } as const, this.remark('The answer starts again.')] : []),
      ...(text === '' ? [] : [{ kind: 'answer', text } as const]),
      ...(kind === 'shorter'
        ? [{ kind: 'answerEnd' } as const, this.remark('Its last words were taken back.')]
        : []),
      ...(message.content.complete ? [{ kind: 'answerEnd' } as const] : []),
    ]
  }

  tellEndedCall(call: CallEntry): Narration[] {
    const { palette, columns } = this.#options
    return [{ kind: 'answerEnd' }, line(toolRow(call, { palette, columns: columns(), nowMs: 0 }))]
  }

  /** What a user said, or a note. */
  tellMessage({ role, source, content }: MessageEntry): Narration[] {
    if (role === 'note') return [this.#tellNote(source ?? 'note', content.text)]
    const text = toPlainText(content.text).trim().replace(/\n/g, '\n  ')
    return [line(`\n${this.#options.palette.bold(`› ${text}`)}`)]
  }

  tellContext(entry: ContextEntry | undefined): Narration[] {
    return entry ? [{ kind: 'answerEnd' }, this.remark(describeContext(entry))] : []
  }

  /** What the program has to say; several lines stay several. */
  aside(text: string): Narration {
    return toAside(this.#options.palette.dim(toPlainText(text)))
  }

  remark(text: string): Narration {
    return line(this.#options.palette.dim(toPlainLine(text)))
  }

  /** Its first line; what a call has come to is for the model to read. */
  #tellNote(source: string, text: string): Narration {
    return this.remark(`${source}: ${text.split('\n', 1).join('')}`)
  }

  /** After a jump in the log the running turn may have gone on, or ended, unseen. */
  #tellLatestAnswers(view: ConversationView): Narration[] {
    const latest = view.entries.findLast((entry) => entry.turnId !== undefined)?.turnId
    return view.entries.flatMap((entry) =>
      entry.kind === 'message' && entry.turnId === latest ? this.tellAnswer(entry) : [],
    )
  }

  #tellTrigger(trigger: string, view: ConversationView): Narration[] {
    // One that sums up says what it has come to.
    if (trigger === 'system') this.#summingUp = view.turn?.turnId
    if (trigger !== 'user')
      return trigger === 'system' ? [] : [this.remark(`A turn was started by: ${trigger}`)]
    return view.entries.flatMap((entry) => {
      const asked = entry.kind === 'message' && entry.role === 'user' && entry.turnId === view.turn?.turnId
      return asked ? this.tellMessage(entry) : []
    })
  }

  #tellEnd(
    event: Extract<StreamEvent, { type: 'turn.finished' }>,
    { entries }: ConversationView,
  ): Narration[] {
    const outcome = describeOutcome(event)
    const end = { kind: 'answerEnd' } as const
    if (outcome !== '') return [end, line(this.#options.palette.yellow(outcome))]
    const inVain =
      event.turnId !== undefined &&
      event.turnId === this.#summingUp &&
      !entries.some(({ kind, turnId }) => kind === 'context' && turnId === event.turnId)
    return [end, ...(inVain ? [this.remark('There is nothing to sum up yet.')] : [])]
  }

  /** Messages that join the running turn stand in the middle of its answers. */
  #tellMessages(ids: readonly string[], view: ConversationView): Narration[] {
    const joined = ids.flatMap((id) => findMessage(view, id) ?? [])
    return joined.flatMap((message) => [{ kind: 'answerEnd' } as const, ...this.tellMessage(message)])
  }

  #tellCall(event: StreamEvent & { type: `tool.${string}` }, call: CallEntry | undefined): Narration[] {
    if (!call) return []
    const { palette, progressLines } = this.#options
    if (event.type === 'tool.completed') return this.tellEndedCall(call)
    return progressLines ? this.#progress.tell(event, call).map((text) => line(palette.dim(text))) : []
  }
}

function line(text: string): Narration {
  return { kind: 'line', text }
}

function toAside(text: string): Narration {
  return { kind: 'aside', text }
}
