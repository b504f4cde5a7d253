/** The API's documentation as a page of its own: no script from elsewhere, works without the internet. */
export function toDocsPage({ paths = {}, components = {} }: OpenApiDocument): string {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => toSection(path, method, operation)),
  )
  const schemas = Object.entries(components.schemas ?? {})
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Perdura API</title><style>${style}</style>
<h1>Perdura API</h1><p>The whole contract as OpenAPI 3.1: <a href="/openapi.json">/openapi.json</a>.
Everything below <code>/api</code> needs <code>Authorization: Bearer TOKEN</code>; get one with
<code>POST /api/auth/guest</code>.</p>${routes.join('\n')}
<h1>Schemas</h1>${schemas.map(([name, schema]) => toSchemaSection(name, schema)).join('\n')}</html>`
}

export type OpenApiDocument = {
  paths?: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, unknown> }
}
type Content = Record<string, { schema?: unknown }>
type Operation = {
  summary?: string
  parameters?: { name: string; in: string; required?: boolean }[]
  requestBody?: { content?: Content }
  responses?: Record<string, { description?: string; content?: Content }>
}

function toSection(path: string, method: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    (parameter) => `<li><code>${escape(parameter.name)}</code> in ${escape(parameter.in)}</li>`,
  )
  const bodies = Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => toSchema(schema))
  const responses = Object.entries(operation.responses ?? {}).map(
    ([status, { description = '', content = {} }]) =>
      `<li><b>${escape(status)}</b> ${escape(description)} ${Object.entries(content).map(toContent).join(', ')}</li>`,
  )
  return `<section><h2><span>${escape(method.toUpperCase())}</span> <code>${escape(path)}</code></h2>
<p>${escape(operation.summary ?? '')}</p>${parameters.length === 0 ? '' : `<ul>${parameters.join('')}</ul>`}
${bodies.join('')}<ul>${responses.join('')}</ul></section>`
}

function toContent([type, { schema }]: [string, { schema?: unknown }]): string {
  const link = /"\$ref": "#[^"]*"/.exec(write(schema))?.[0]
  return `<code>${escape(type)}</code>${link === undefined ? '' : ` ${linkNames(escape(link)).replace(/^.*?: /, '')}`}`
}

function toSchema(schema: unknown): string {
  return `<pre>${linkNames(escape(write(schema)))}</pre>`
}

function toSchemaSection(name: string, schema: unknown): string {
  return `<section id="${escape(name)}"><details><summary><b>${escape(name)}</b></summary>${toSchema(schema)}</details></section>`
}

/** Turns references, in escaped text, into links to their sections. */
function linkNames(text: string): string {
  return text.replaceAll(/&quot;#\/components\/schemas\/(\w+)&quot;/g, '<a href="#$1">$1</a>')
}

function write(schema: unknown): string {
  return JSON.stringify(schema, null, 2) ?? ''
}

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
section{border-top:1px solid #ccc;padding:.5rem 0}h2{font-size:1.1rem;overflow-wrap:anywhere}h2 span{background:#14532d;color:#fff;padding:.1rem .5rem;border-radius:.25rem;font-size:.8rem}
pre{background:#f4f4f5;padding:.75rem;overflow:auto}
@media(prefers-color-scheme:dark){body{background:#111;color:#eee}pre{background:#222}a{color:#86efac}}`

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
