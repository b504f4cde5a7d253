import type { Key } from 'node:readline'
import type { RequestAnswer } from '../../client/api-answers.ts'
import type { ConversationView, ResolvedRequest } from '../../client/conversation-view.ts'
import type { Client } from '../../client/create-client.ts'
import { retryWhileUnavailable } from '../../client/retry-while-unavailable.ts'
import type { HumanRequest, RequestOutcome } from '../../contracts/human-request.ts'
import { describeExpiry, describeRequest, describeResolution } from './describe-request.ts'
import { enterLine, openPrompt, pressKey, type Prompt } from './prompt.ts'
import type { PromptStep } from './prompt-step.ts'
import { enterText } from './question-line.ts'
import { currentQuestion, decline, withErrors } from './question-prompt.ts'
import { readRefusedAnswer, type RefusedAnswer } from './refused-answer.ts'

export type RequestDeskParts = {
  client: Client
  /** Tells the user what became of a request. */
  say: (text: string) => void
  onChange: () => void
}

/** Which request is being answered here: one at a time, the oldest first, or one that was chosen. */
export class RequestDesk {
  readonly #parts: RequestDeskParts
  #open: readonly HumanRequest[] = []
  #prompt: Prompt | undefined
  #sending: string | undefined
  readonly #putOff = new Set<string>()
  readonly #answered = new Map<string, 'here' | 'elsewhere'>()
  readonly #ended = new Map<string, ResolvedRequest>()

  constructor(parts: RequestDeskParts) {
    this.#parts = parts
  }

  get prompt(): Prompt | undefined {
    return this.#prompt
  }

  /** An answer is on its way; nothing else is taken until it arrived. */
  get sending(): boolean {
    return this.#sending !== undefined
  }

  /** Somebody must do something, here or elsewhere. */
  get waiting(): boolean {
    return this.#prompt !== undefined || this.#open.some(({ requestId }) => !this.#answered.has(requestId))
  }

  /** Takes note of what is open in the conversation now, and says what became of the rest. */
  follow({ requests, resolved }: Pick<ConversationView, 'requests' | 'resolved'>): void {
    const gone = this.#open.filter((each) => !requests.some(({ requestId }) => requestId === each.requestId))
    this.#open = requests
    for (const request of gone) {
      const { requestId } = request
      this.#ended.set(requestId, resolved.find((each) => each.requestId === requestId) ?? request)
      // Whose answer it was is known when ours has come back.
      if (this.#sending !== requestId) this.#close(request)
    }
    this.#promptNext()
  }

  /** Forgets the conversation. */
  clear(): void {
    this.#open = []
    this.#prompt = undefined
  }

  /** Opens the prompt of one request, whichever conversation it belongs to. */
  choose(request: HumanRequest): void {
    const prompt = openPrompt(request)
    if (this.sending) return this.#parts.say('An answer is on its way; try again when it arrived.')
    if (!prompt) return this.#parts.say(`The terminal cannot give ${describeRequest(request)}.`)
    this.#putOff.delete(request.requestId)
    this.#prompt = prompt
    this.#parts.onChange()
  }

  /** Leaves the prompt open; it comes again when it is chosen. */
  putOff(): void {
    if (!this.#prompt) return
    const { request } = this.#prompt
    this.#putOff.add(request.requestId)
    this.#prompt = undefined
    const expiry = describeExpiry(request, Date.now())
    this.#parts.say(`Left open ${expiry}; then it means no. /requests answers it.`)
    this.#promptNext()
    this.#parts.onChange()
  }

  /** Takes a key; false for one that belongs to the line being typed. */
  press(key: Key): boolean {
    const step = this.#prompt && !this.sending ? pressKey(this.#prompt, key) : undefined
    if (step) void this.#take(step)
    return step !== undefined
  }

  /** Takes a line; false for one that is no answer. Resolves when an answer was taken or refused. */
  async enter(line: string): Promise<boolean> {
    const step = this.#prompt && !this.sending ? enterLine(this.#prompt, line) : undefined
    if (step) await this.#take(step)
    return step !== undefined
  }

  /** Takes exactly this text for the open text question; false when none is open. */
  enterText(text: string): boolean {
    const prompt = this.#prompt
    const question = prompt?.kind === 'question' && !this.sending ? currentQuestion(prompt) : undefined
    if (prompt?.kind !== 'question' || question?.kind !== 'text') return false
    void this.#take(enterText(prompt, question, text))
    return true
  }

  /** One step back; from the first one the request is left open. False when nothing is asked. */
  back(): boolean {
    return this.press({ name: 'escape' })
  }

  /** Declines the form that is open; false when there is none. */
  async decline(): Promise<boolean> {
    if (this.#prompt?.kind !== 'question') return false
    await this.#take(decline())
    return true
  }

  /** Never rejects: a refused answer is told. */
  async #take(step: PromptStep<Prompt>): Promise<void> {
    if (!this.#prompt || this.sending) return
    if (step.kind === 'later') return this.putOff()
    if (step.kind === 'answer') return this.#send(this.#prompt, step.answer)
    this.#prompt = step.prompt
    this.#parts.onChange()
  }

  async #send({ request }: Prompt, answer: RequestAnswer): Promise<void> {
    const { requestId } = request
    let repeated = false
    const onWait = (error: Error) => {
      repeated = true
      this.#remark(requestId, `${error.message} Trying again.`)
    }
    this.#sending = requestId
    this.#parts.onChange()
    try {
      const post = () => this.#parts.client.answerRequest(requestId, answer)
      const { outcome } = await retryWhileUnavailable(post, { onWait })
      this.#answered.set(requestId, 'here')
      this.#close({ ...request, outcome })
    } catch (error) {
      const refused = readRefusedAnswer(error)
      // The first try may have arrived although its answer was lost.
      const own = repeated && refused.kind === 'over' && refused.outcome === outcomeOf(answer)
      this.#refuse(request, refused, own)
    } finally {
      this.#sending = undefined
      this.#promptNext()
      this.#parts.onChange()
    }
  }

  #refuse(request: HumanRequest, refused: RefusedAnswer, own: boolean): void {
    const { requestId } = request
    if (refused.kind === 'failed' && this.#ended.has(requestId)) return this.#close(request)
    if (refused.kind === 'failed') return this.#remark(requestId, refused.message)
    if (refused.kind === 'over') {
      this.#answered.set(requestId, own ? 'here' : 'elsewhere')
      return this.#close({ ...request, ...(refused.outcome !== undefined && { outcome: refused.outcome }) })
    }
    const prompt = this.#prompt
    if (prompt?.kind !== 'question' || prompt.request.requestId !== requestId) return
    this.#prompt = withErrors(prompt, refused.errors)
  }

  /** Takes the prompt away. The event of the open conversation tells the rest; of others there is none. */
  #close(request: HumanRequest): void {
    const { requestId } = request
    if (this.#prompt?.request.requestId === requestId) this.#prompt = undefined
    if (this.#open.some((each) => each.requestId === requestId)) return
    const own = this.#answered.get(requestId) === 'here'
    this.#parts.say(describeResolution(this.#ended.get(requestId) ?? request, own))
  }

  #remark(requestId: string, remark: string): void {
    if (this.#prompt?.request.requestId !== requestId) return
    this.#prompt = { ...this.#prompt, remark }
    this.#parts.onChange()
  }

  #promptNext(): void {
    if (this.#prompt || this.sending) return
    const left = this.#open.filter(
      ({ requestId }) => !this.#answered.has(requestId) && !this.#putOff.has(requestId),
    )
    // What the terminal cannot answer keeps nothing else from being answered.
    const [next] = left.flatMap((request) => openPrompt(request) ?? [])
    this.#prompt = next
  }
}

/** What a request comes to with this answer, if it is taken. */
function outcomeOf(answer: RequestAnswer): RequestOutcome {
  if ('answers' in answer) return 'answered'
  const decisions = 'decision' in answer ? [answer.decision] : Object.values(answer.decisions)
  return decisions.includes('approve') ? 'approved' : 'rejected'
}
