import { z } from 'zod'

/** What the documents and the fault messages say of one environment variable. */
export type VariableDocs = {
  /** One sentence: what it does for the operator, with its unit. */
  about: string
  /** Shown commented out in `.env.example` when there is no default. */
  example?: string
  /** The value never appears in a message or a log. */
  secret?: true
}

/** Variables of one topic: a heading in the documents, a part of the schema. */
export type VariableGroup = { title: string; about: string; variables: Readonly<Record<string, z.ZodType>> }

const docsOf = z.registry<VariableDocs>()

/** Joins how a variable's text is parsed with what is said of it. Its default is the schema's own. */
export function variable<Schema extends z.ZodType>(schema: Schema, docs: VariableDocs): Schema {
  docsOf.add(schema, docs)
  return schema
}

/** The docs given to `variable`. @throws Error for a schema that was never described. */
export function getVariableDocs(schema: z.ZodType): VariableDocs {
  const docs = docsOf.get(schema)
  if (docs === undefined) throw new Error('A variable of the schema has no docs. Wrap it in variable().')
  return docs
}

/** The text that counts when the variable is not set. */
export function findDefault(schema: z.ZodType): string | undefined {
  if (!(schema instanceof z.ZodPrefault)) return undefined
  return typeof schema.def.defaultValue === 'string' ? schema.def.defaultValue : undefined
}
