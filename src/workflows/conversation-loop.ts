import type { AnsweredRequest, AnswerRef } from '../contracts/human-request.ts'
import { type MessageId, type TurnId, turnIdOf } from '../contracts/ids.ts'
import type { ToolProgressAnswer } from '../contracts/tool-call.ts'
import type { CarriedTurn, ConversationInput, StatusAnswer, Turn, WaitingMessage } from '../contracts/turn.ts'
import { CallProgressTable } from './call-progress.ts'
import { StateOfConversation } from './conversation-state.ts'
import type { Engine, Scope } from './engine.ts'
import { MessageQueue } from './message-queue.ts'
import { OpenRequests } from './open-requests.ts'
import { runConversationTurn } from './run-conversation-turn.ts'

/**
 * One conversation: handlers put ids into a queue, take answers and cancel scopes, and do nothing else; one
 * loop does the work. It knows the world by its engine only.
 */
export class ConversationLoop {
  readonly #engine: Engine
  readonly #conversationId: string
  readonly #queue: MessageQueue
  readonly #calls = new CallProgressTable()
  readonly #requests: OpenRequests
  readonly #state: StateOfConversation
  #cut: CarriedTurn | undefined
  /** Of the turn that runs. */
  #scope: Scope | undefined
  /** Waits for its turn, and that turn is to be stopped. */
  #stoppedEarly: MessageId | undefined

  constructor({ conversationId, turns, carried }: ConversationInput, engine: Engine) {
    this.#engine = engine
    this.#conversationId = conversationId
    this.#queue = new MessageQueue(carried?.queue, carried?.seen)
    this.#requests = new OpenRequests(engine, () => this.#mustPark())
    const parts = { engine, queue: this.#queue, calls: this.#calls, requests: this.#requests }
    this.#state = new StateOfConversation(parts, turns, (carried?.turn?.calls ?? []).length > 0)
    this.#cut = carried?.turn
    if (this.#cut !== undefined) this.#resume(this.#cut)
  }

  addMessage(message: WaitingMessage): void {
    const isNew = this.#queue.add(message)
    if (isNew && message.busyPolicy === 'interrupt' && this.#scope !== undefined) this.#stop(this.#scope)
    if (this.#scope !== undefined) this.#refresh()
  }

  withdrawMessage(messageId: MessageId): void {
    this.#queue.remove(messageId)
    this.#refresh()
  }

  /** Stops the given turn, or whichever runs. */
  cancelTurn(turnId: TurnId | undefined): void {
    if (turnId !== undefined && turnId !== this.#state.runningTurnId) return
    if (this.#scope !== undefined) this.#stop(this.#scope)
    // A Stop that names no turn may come before the one that it means.
    else this.#stoppedEarly = this.#queue.first
  }

  /** For the update's validator. */
  assertAnswerable(answer: AnswerRef): void {
    this.#requests.assertAnswerable(answer, this.#state.phase.state === 'cancelling')
  }

  answerRequest(answer: AnswerRef): AnsweredRequest {
    const answered = this.#requests.answer(answer)
    this.#state.describe()
    return answered
  }

  status(): StatusAnswer {
    return this.#state.answer()
  }

  toolProgress(): ToolProgressAnswer {
    return this.#calls.answer()
  }

  /** Works until the history is long enough; returns what the next run begins with. */
  async run(): Promise<ConversationInput> {
    for (;;) {
      // A message may be withdrawn in the moment in which it comes.
      while (this.#cut === undefined && this.#queue.length === 0) {
        await this.#engine.until(() => this.#queue.length > 0)
      }
      const turn = this.#cut ?? this.#nextTurn()
      await this.#runTurn(turn)
      if (this.#cut !== undefined || this.#engine.mustContinueAsNew()) return this.#toInput()
    }
  }

  async #runTurn(turn: CarriedTurn): Promise<void> {
    const scope = (this.#scope ??= this.#engine.openScope())
    // What interrupts was posted later, or this turn would answer it.
    if (this.#queue.interrupts) this.#stop(scope)
    const parts = {
      engine: this.#engine,
      state: this.#state,
      calls: this.#calls,
      requests: this.#requests,
      queue: this.#queue,
    }
    const exit = await scope.run(() => runConversationTurn(turn, scope, parts))
    this.#scope = undefined
    this.#cut = exit.kind === 'cut' ? exit.carried : undefined
    if (exit.kind === 'ended') this.#state.endTurn(exit.end)
  }

  #nextTurn(): CarriedTurn {
    const first = this.#queue.takeFirst()
    const conversationId = this.#conversationId
    const turnId = turnIdOf(conversationId, this.#state.countTurn())
    this.#state.change({ kind: 'turnBegan', turnId, round: 0 })
    this.#scope = this.#engine.openScope()
    if (first !== undefined && first.messageId === this.#stoppedEarly) this.#stop(this.#scope)
    return { turn: { conversationId, turnId, ...toTask(first) }, round: 0, limits: null }
  }

  /** Signals and answers that came during continue-as-new are for the carried turn. */
  #resume({ turn, round, calls = [], answers = [] }: CarriedTurn): void {
    this.#scope = this.#engine.openScope()
    this.#state.change({ kind: 'turnBegan', turnId: turn.turnId, round })
    for (const { request } of calls) if (request !== undefined) this.#requests.open(request)
    for (const answer of answers) this.#requests.answer(answer)
  }

  #stop(scope: Scope): void {
    this.#state.change({ kind: 'stopAsked' })
    scope.cancel()
  }

  #refresh(): void {
    this.#state.describe()
    this.#requests.parkIfNeeded()
  }

  #mustPark(): boolean {
    return this.#state.phase.state === 'waiting' && this.#engine.mustContinueAsNew()
  }

  #toInput(): ConversationInput {
    const cut = this.#cut
    return {
      conversationId: this.#conversationId,
      turns: this.#state.turns,
      carried: { ...this.#queue.toCarried(), ...(cut === undefined ? {} : { turn: cut }) },
    }
  }
}

/** What the turn is for. */
function toTask(first: WaitingMessage | undefined): Pick<Turn, 'trigger' | 'messageIds' | 'purpose'> {
  if (first?.purpose !== undefined) return { trigger: 'system', messageIds: [], purpose: first.purpose }
  const trigger = first?.note === true ? 'background' : 'user'
  return { trigger, messageIds: first === undefined ? [] : [first.messageId] }
}
