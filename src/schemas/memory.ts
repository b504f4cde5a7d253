import { z } from '@hono/zod-openapi'

const memoryEntrySchema = z
  .object({
    conversationId: z.string(),
    title: z.string(),
    text: z.string(),
    updatedAt: z.iso.datetime(),
    edited: z.boolean().openapi({ description: 'Written by the owner.' }),
  })
  .openapi('MemoryEntry')

export const memorySchema = z
  .object({
    enabled: z.boolean().openapi({ description: 'New conversations take part unless they say otherwise.' }),
    entries: z.array(memoryEntrySchema),
  })
  .openapi('Memory')

export const memoryPatchSchema = z.strictObject({ enabled: z.boolean() }).partial().openapi('MemoryPatch')

export const memoryTextSchema = z
  .strictObject({
    text: z
      .string()
      .min(1)
      .max(1_000)
      .refine((text) => text.trim() !== '', 'Write something, or delete the entry: the text is blank.'),
  })
  .openapi('MemoryText')
