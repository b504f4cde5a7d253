import type { PlacedContextChange } from '../contracts/context.ts'
import type { Message, MessageToolCall } from '../contracts/conversation.ts'
import type { SnapshotEvent, Snapshot } from '../contracts/event.ts'
import type { CallProgress } from '../contracts/tool-call.ts'
import type { CallEntry, ContextEntry, ConversationView, Entry, MessageEntry } from './conversation-view.ts'
import { completeText } from './streamed-text.ts'
import { withWaitingCalls } from './waiting-calls.ts'

/** The view that a snapshot stands for; nothing from before it counts. */
export function viewOfSnapshot(snapshot: Snapshot | SnapshotEvent): ConversationView {
  const { conversation, messages, queue, turn, calls, lastSeq } = snapshot
  return withWaitingCalls({
    lastSeq,
    conversation,
    state: conversation.state,
    entries: entriesOf(messages, calls, snapshot.contextChanges),
    queue: queue
      .toSorted((a, b) => a.position - b.position)
      .map((each) => waitingMessage(each, conversation.updatedAt)),
    requests: snapshot.openRequests,
    resolved: [],
    superseded: [],
    notices: [],
    ...(snapshot.olderMessages !== undefined && { olderMessages: snapshot.olderMessages }),
    ...(turn && { turn }),
  })
}

/** What a reader sees of stored messages, of any branch; `calls` are the ones that run. */
export function entriesOf(
  messages: readonly Message[],
  calls: readonly CallProgress[],
  changes: readonly PlacedContextChange[] = [],
): Entry[] {
  const running = new Map(calls.map((call) => [call.callId, call]))
  const results = new Map<string, Message>()
  for (const message of messages) if (message.callId !== undefined) results.set(message.callId, message)
  const entries: Entry[] = []
  for (const message of messages) {
    entries.push(...changesBefore(message.id, changes))
    if (message.role === 'tool') continue
    if (message.role !== 'assistant' || message.text) entries.push(messageEntry(message, message.role))
    for (const call of message.toolCalls ?? []) {
      entries.push(storedCall(call, message, running.get(call.callId), results.get(call.callId)))
      running.delete(call.callId)
    }
  }
  entries.push(...changesBefore(undefined, changes))
  // A background call outlives the part of the history that a snapshot shows.
  for (const call of running.values()) entries.push(runningCall(call))
  return entries
}

function changesBefore(
  messageId: string | undefined,
  changes: readonly PlacedContextChange[],
): ContextEntry[] {
  return changes.flatMap(({ standsBefore, ...change }) =>
    standsBefore === messageId ? [{ kind: 'context' as const, ...change }] : [],
  )
}

function messageEntry(message: Message, role: 'user' | 'assistant' | 'note'): Entry {
  const text = completeText(message.text ?? '', 0)
  return {
    kind: 'message',
    id: message.id,
    role,
    content: { ...text, complete: role !== 'assistant' || message.state === 'done' },
    state: message.state,
    createdAt: message.createdAt,
    ...(message.turnId !== undefined && { turnId: message.turnId }),
    ...(message.model !== undefined && { model: message.model }),
  }
}

/** A snapshot has no time for it; it is younger than anything that was answered. */
function waitingMessage({ messageId, text }: Snapshot['queue'][number], createdAt: string): MessageEntry {
  return {
    kind: 'message',
    id: messageId,
    role: 'user',
    content: completeText(text, 0),
    state: 'queued',
    createdAt,
  }
}

function storedCall(
  call: MessageToolCall,
  asked: Message,
  progress: CallProgress | undefined,
  result: Message | undefined,
): CallEntry {
  const known: CallProgress = progress ?? {
    callId: call.callId,
    name: call.name,
    steps: [],
    status: 'running',
  }
  return {
    ...runningCall(known),
    messageId: asked.id,
    input: parseJson(call.arguments),
    ...(!progress && { status: 'ended' }),
    ...(asked.turnId !== undefined && { turnId: asked.turnId }),
    startedAt: asked.createdAt,
    ...toResult(call, result),
  }
}

/** What a call was answered with; one that went on in the background was told of in a note. */
function toResult({ callId }: MessageToolCall, result: Message | undefined): Partial<CallEntry> {
  if (result === undefined) return {}
  const output = parseJson(result.text ?? '')
  if (JSON.stringify(output) === JSON.stringify({ status: 'running', callId })) return { background: true }
  return { endedAt: result.createdAt, output }
}

function runningCall({
  callId,
  name,
  status,
  stepIndex,
  stepCount,
  steps,
  background,
}: CallProgress): CallEntry {
  return {
    kind: 'call',
    id: callId,
    name,
    title: name,
    status,
    background: background === true,
    steps,
    ...(stepIndex !== undefined && { stepIndex }),
    ...(stepCount !== undefined && { stepCount }),
  }
}

/** The model's arguments may be no JSON, and a tool's result may be plain text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
