import type { Question } from '../../contracts/human-request.ts'
import { framedRows } from './framed-rows.ts'
import type { PromptRowsOptions } from './prompt-rows-options.ts'
import { chosenValues, currentQuestion, isNoneAllowed, type QuestionPrompt } from './question-prompt.ts'
import { windowAround } from './shown-window.ts'

type Choice = Extract<Question, { options: unknown }>

/** The open question with its options, or the summary of all answers. */
export function questionRows(prompt: QuestionPrompt, options: PromptRowsOptions): string[] {
  const { columns, palette } = options
  const { form, index, errors } = prompt
  const question = currentQuestion(prompt)
  if (!question) return summaryRows(prompt, options)
  const error = Object.hasOwn(errors, question.id) ? errors[question.id] : undefined
  const counter = form.questions.length > 1 ? `, question ${index + 1} of ${form.questions.length}` : ''
  return [
    ...framedRows(`“${form.title}”${counter}`, { columns, maxRows: 3 }),
    ...framedRows(`${question.label} (${describeNeed(question)})`, { columns, maxRows: 6 }).map(palette.bold),
    ...(question.hint === undefined
      ? []
      : framedRows(question.hint, { columns, maxRows: 4 }).map(palette.dim)),
    ...(question.kind === 'text' ? [] : optionRows(prompt, question, options)),
    ...(error === undefined ? [] : framedRows(`! ${error}`, { columns, maxRows: 3 }).map(palette.red)),
  ]
}

/** The keys or words that answer. */
export function questionHint(prompt: QuestionPrompt, by: 'keys' | 'lines'): string {
  const question = currentQuestion(prompt)
  const [later, back, decline] =
    by === 'keys' ? ['Esc later', 'Esc back', 'Ctrl-X decline'] : ['/later', '/back', '/decline']
  const leave = `${prompt.index === 0 ? later : back} · ${decline}`
  if (!question) return `${by === 'keys' ? 'Enter' : 'An empty line'} sends these answers · ${leave}`
  const next = prompt.form.questions.length > 1 ? 'next' : 'send'
  return `${by === 'keys' ? keyWords(question, next) : lineWords(question)} · ${leave}`
}

function keyWords(question: Question, next: string): string {
  switch (question.kind) {
    case 'single':
      return `↑↓ or digits choose${isNoneAllowed(question) ? ' · 0 nothing' : ''} · Enter ${next}`
    case 'multiple':
      return `↑↓ move · Space or digits mark · Enter ${next}`
    case 'text':
      return `type the answer · Enter ${next}`
  }
}

function lineWords(question: Question): string {
  const nothing = isNoneAllowed(question) ? ', or - for nothing' : ''
  switch (question.kind) {
    case 'single':
      return `answer with a number${nothing}; an empty line takes the marked one`
    case 'multiple':
      return 'answer with numbers, as 1,3, or - for nothing; an empty line takes the marked ones'
    case 'text':
      return 'answer with a line; an empty one takes the default'
  }
}

function describeNeed(question: Question): string {
  const need = question.required ? 'required' : 'optional'
  if (question.kind === 'multiple' && question.max !== undefined) return `${need}, at most ${question.max}`
  if (question.kind === 'text') {
    const preset = question.default === undefined ? '' : `, default “${question.default}”`
    return `${need}, at most ${question.maxLength} characters${preset}`
  }
  return need
}

function optionRows(prompt: QuestionPrompt, question: Choice, options: PromptRowsOptions): string[] {
  const { columns, palette, listSize, by } = options
  const chosen = chosenValues(prompt, question)
  const shown = windowAround(Math.max(0, prompt.cursor), question.options.length, listSize)
  const rows = question.options.slice(shown.from, shown.to).map(({ value, label }, offset) => {
    const index = shown.from + offset
    const current = by === 'keys' ? index === prompt.cursor : chosen.includes(value)
    const box = question.kind === 'multiple' ? (chosen.includes(value) ? '[x] ' : '[ ] ') : ''
    const indent = `${current ? '› ' : '  '}${String(index + 1).padStart(String(shown.to).length)} ${box}`
    const row = framedRows(label, { columns, maxRows: 2, indent })
    return current ? row.map(palette.cyan) : row
  })
  const more = (texts: string[]) => texts.flatMap((text) => framedRows(text, { columns })).map(palette.dim)
  return [...more(shown.above), ...rows.flat(), ...more(shown.below)]
}

function summaryRows(prompt: QuestionPrompt, { columns, palette, listSize }: PromptRowsOptions): string[] {
  const { questions, title } = prompt.form
  const shown = windowAround(0, questions.length, Math.max(listSize, 8))
  return [
    ...framedRows(`“${title}”, your answers`, { columns, maxRows: 3 }),
    ...questions.slice(0, shown.to).flatMap((question) => {
      const answer = describeAnswer(prompt, question)
      return [
        ...framedRows(question.label, { columns, maxRows: 1 }),
        ...framedRows(answer, { columns, maxRows: 3, indent: '  ' }).map(palette.bold),
      ]
    }),
    ...shown.below.flatMap((text) => framedRows(text, { columns })).map(palette.dim),
  ]
}

function describeAnswer(prompt: QuestionPrompt, question: Question): string {
  const values = chosenValues(prompt, question).filter((each) => each !== '')
  const words = values.map((value) =>
    question.kind === 'text'
      ? `“${value}”`
      : (question.options.find((option) => option.value === value)?.label ?? value),
  )
  return words.length === 0 ? 'no answer' : words.join(', ')
}
