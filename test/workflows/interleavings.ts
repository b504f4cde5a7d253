import fc from 'fast-check'

import type { BusyPolicy } from '../../src/contracts/conversation.ts'
import type { CallPlan, CompactionEnd, LastReply, Reply, ToolEnd } from './fake-activities.ts'

/** A conversation that things happen to. Indexes choose among what there is; where there is nothing, nothing happens. */
export interface Playable {
  post(busyPolicy: BusyPolicy): Played
  /** Signals a message again. */
  repeat(index: number): Played
  /** Asks for the older part to be summed up. */
  compact(): Played
  withdraw(index: number): Played
  stop(): Played
  /** Stops a turn that has ended. */
  stopPast(): Played
  /** With `isWritten` the api writes an accepted answer itself, before the workflow does. */
  answer(index: number, isYes: boolean, isWritten: boolean): Played
  /** Gives an answer that was accepted once more. */
  answerAgain(index: number): Played
  answerUnknown(): Played
  /** A try of a model call has begun its round. */
  beginModelCall(index: number): Played
  /** Ends an activity; with `isLost` only a try of it, whose worker dies with what it had to say. */
  endModelCall(index: number, reply: Reply, isLost?: boolean): Played
  endCompaction(index: number, end: CompactionEnd, isLost?: boolean): Played
  endTool(index: number, end: ToolEnd, isLost?: boolean): Played
  endWrite(index: number, isLost?: boolean): Played
  /** A call that goes on by itself comes to its end. */
  endBackground(index: number): Played
  wait(timeMs: number): Played
  /** The history gets long. */
  grow(): Played
  /** The worker loses the workflow from its memory. */
  restart(): Played
  /** The workflow handles what has come. */
  task(): Played
}
type Played = void | Promise<void>

/** One thing that happens; shown by its name when it broke something. */
export type Step = { play(conversation: Playable): Played; toString(): string }

function step(name: string, play: Step['play']): Step {
  return { play, toString: () => name }
}

const task = step('task()', (conversation) => conversation.task())
const grow = step('grow()', (conversation) => conversation.grow())

function post(policy: BusyPolicy): Step {
  return step(`post(${policy})`, (conversation) => conversation.post(policy))
}

function reply(index: number, said: Reply): Step {
  const name = typeof said === 'string' ? said : JSON.stringify(said)
  return step(`reply(${index}, ${name})`, (conversation) => conversation.endModelCall(index, said))
}

function answer(index: number, isYes: boolean, isWritten: boolean): Step {
  const name = `answer(${index}, ${isYes ? 'yes' : 'no'}${isWritten ? ', written' : ''})`
  return step(name, (conversation) => conversation.answer(index, isYes, isWritten))
}

const anyIndex = fc.nat({ max: 5 })
const anyPlan = fc.constantFrom<CallPlan>(
  'plain',
  'stepped',
  'permission',
  'question',
  'background',
  'backgroundAsked',
)
const anyCalls = fc.array(anyPlan, { maxLength: 4 })
const anyWord = fc.constantFrom<LastReply>('answers', 'fails', 'limits', 'compact', 'throws', 'cancelled')
const anyLast = fc.oneof({ weight: 3, arbitrary: anyCalls }, { weight: 2, arbitrary: anyWord })
const anyReply: fc.Arbitrary<Reply> = fc.oneof(
  { weight: 4, arbitrary: anyLast },
  { weight: 1, arbitrary: anyLast.map((thenOn) => ({ thenOn })) },
)
const anyToolEnd = fc.constantFrom<ToolEnd>(
  'ok',
  'ok',
  'error',
  'throws',
  'timeout',
  'ungranted',
  'cancelled',
)
const anyCompactionEnd = fc.constantFrom<CompactionEnd>('done', 'fails', 'throws', 'cancelled')
const anyPolicy = fc.constantFrom<BusyPolicy>('queue', 'steer', 'interrupt')

const likely: fc.Arbitrary<Step>[] = [
  anyPolicy.map(post),
  fc.tuple(anyIndex, anyReply).map(([index, said]) => reply(index, said)),
  fc
    .tuple(anyIndex, anyToolEnd)
    .map(([index, end]) => step(`endTool(${index}, ${end})`, (it) => it.endTool(index, end))),
  fc
    .tuple(anyIndex, fc.boolean(), fc.boolean())
    .map(([index, isYes, isWritten]) => answer(index, isYes, isWritten)),
  fc
    .tuple(anyIndex, anyCompactionEnd)
    .map(([index, end]) => step(`endCompaction(${index}, ${end})`, (it) => it.endCompaction(index, end))),
  anyIndex.map((index) => step(`write(${index})`, (it) => it.endWrite(index))),
  anyIndex.map((index) => step(`endBackground(${index})`, (it) => it.endBackground(index))),
]
const unlikely: fc.Arbitrary<Step>[] = [
  fc.constant(step('stop()', (it) => it.stop())),
  fc.constant(step('compact()', (it) => it.compact())),
  anyIndex.map((index) => step(`loseCompaction(${index})`, (it) => it.endCompaction(index, 'done', true))),
  fc.constantFrom(
    grow,
    grow,
    step('stopPast()', (it) => it.stopPast()),
    step('answerUnknown()', (it) => it.answerUnknown()),
    step('restart()', (it) => it.restart()),
  ),
  anyIndex.map((index) => step(`withdraw(${index})`, (it) => it.withdraw(index))),
  anyIndex.map((index) => step(`repeat(${index})`, (it) => it.repeat(index))),
  anyIndex.map((index) => step(`answerAgain(${index})`, (it) => it.answerAgain(index))),
  anyIndex.map((index) => step(`begin(${index})`, (it) => it.beginModelCall(index))),
  fc
    .tuple(anyIndex, fc.constantFrom<Reply>('answers', { thenOn: [] }, { thenOn: 'answers' }))
    .map(([index, said]) =>
      step(`loseModelCall(${index}, ${JSON.stringify(said)})`, (it) => it.endModelCall(index, said, true)),
    ),
  anyIndex.map((index) => step(`loseTool(${index})`, (it) => it.endTool(index, 'ok', true))),
  anyIndex.map((index) => step(`loseWrite(${index})`, (it) => it.endWrite(index, true))),
  fc.constantFrom(1_000, 5_000, 21_000).map((timeMs) => step(`wait(${timeMs})`, (it) => it.wait(timeMs))),
]
const anyStep = fc.oneof(
  ...likely.map((arbitrary) => ({ weight: 5, arbitrary })),
  ...unlikely.map((arbitrary) => ({ weight: 1, arbitrary })),
)

/** A conversation that waits for people, whose history is long or not. */
const anyBeginning: fc.Arbitrary<Step[]> = fc
  .tuple(fc.array(anyPlan, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([plans, isLong]) => [post('queue'), task, reply(0, plans), task, ...(isLong ? [grow] : [])])

/** What happens to one conversation, in order. Several things may come with one task. */
export function anyInterleaving(maxLength: number): fc.Arbitrary<Step[]> {
  const anySteps = fc.array(fc.tuple(anyStep, fc.nat({ max: 2 })), { minLength: 1, maxLength, size: 'max' })
  return fc
    .tuple(fc.oneof(fc.constant([]), anyBeginning), anySteps)
    .map(([beginning, steps]) => [
      ...beginning,
      ...steps.flatMap(([each, pause]) => (pause === 0 ? [each, task] : [each])),
    ])
}
