/** The schemas and the contracts say the same, in both directions; the compiler is the judge. */
import { expectTypeOf, test } from 'vitest'
import type { z } from 'zod'

import type { Conversation, HistoryStrategy, Message, Owner } from '../../src/contracts/conversation.ts'
import type { Event, Snapshot, SnapshotEvent } from '../../src/contracts/event.ts'
import type { CallProgress, ToolEffect, ToolError, ToolStatus } from '../../src/contracts/tool-call.ts'
import type {
  conversationSchema,
  historyStrategySchema,
  messageSchema,
  ownerSchema,
} from '../../src/schemas/conversation.ts'
import type { eventSchema, snapshotEventSchema, snapshotSchema } from '../../src/schemas/event.ts'
import type {
  callProgressSchema,
  toolEffectSchema,
  toolErrorSchema,
  toolStatusSchema,
} from '../../src/schemas/tool-call.ts'

/** A value that is absent and one that is undefined are the same in JSON, and only there. */
type Json<T> = T extends readonly (infer Item)[]
  ? Json<Item>[]
  : T extends object
    ? { [Key in keyof T]: Json<Exclude<T[Key], undefined>> }
    : T

type Of<Schema extends z.ZodType> = Json<z.infer<Schema>>

test('conversations, messages and owners', () => {
  expectTypeOf<Of<typeof conversationSchema>>().toExtend<Json<Conversation>>()
  expectTypeOf<Json<Conversation>>().toExtend<Of<typeof conversationSchema>>()
  expectTypeOf<Of<typeof messageSchema>>().toExtend<Json<Message>>()
  expectTypeOf<Json<Message>>().toExtend<Of<typeof messageSchema>>()
  expectTypeOf<Of<typeof historyStrategySchema>>().toExtend<HistoryStrategy>()
  expectTypeOf<HistoryStrategy>().toExtend<Of<typeof historyStrategySchema>>()
  expectTypeOf<Of<typeof ownerSchema>>().toExtend<Json<Owner>>()
  expectTypeOf<Json<Owner>>().toExtend<Of<typeof ownerSchema>>()
})

test('tool calls', () => {
  expectTypeOf<Of<typeof callProgressSchema>>().toExtend<Json<CallProgress>>()
  expectTypeOf<Json<CallProgress>>().toExtend<Of<typeof callProgressSchema>>()
  expectTypeOf<z.infer<typeof toolErrorSchema>>().toEqualTypeOf<ToolError>()
  expectTypeOf<z.infer<typeof toolStatusSchema>>().toEqualTypeOf<ToolStatus>()
  expectTypeOf<z.infer<typeof toolEffectSchema>>().toEqualTypeOf<ToolEffect>()
})

test('events, type by type', () => {
  type SchemaEvent = z.infer<typeof eventSchema>
  expectTypeOf<SchemaEvent['type']>().toEqualTypeOf<Event['type']>()
  expectTypeOf<Json<SchemaEvent>>().toExtend<Json<Event>>()
  expectTypeOf<Json<Event>>().toExtend<Json<SchemaEvent>>()
})

test('snapshots', () => {
  expectTypeOf<Of<typeof snapshotSchema>>().toExtend<Json<Snapshot>>()
  expectTypeOf<Json<Snapshot>>().toExtend<Of<typeof snapshotSchema>>()
  expectTypeOf<Of<typeof snapshotEventSchema>>().toExtend<Json<SnapshotEvent>>()
  expectTypeOf<Json<SnapshotEvent>>().toExtend<Of<typeof snapshotEventSchema>>()
})
