import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { useChat } from './use-chat.ts'

const chat = useChat(200)

test('/export writes a new file, and never over another one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'perdura-export-'))
  try {
    await chat.run('hello', 'End.')
    await chat.run(`/export ${join(folder, 'talk one.md')}`, 'Written: ')
    expect(await readFile(join(folder, 'talk one.md'), 'utf8')).toMatch(/^# New conversation\n\nhello\n/)
    await chat.run(`/export ${join(folder, 'talk.json')}`, 'talk.json\n')
    expect(JSON.parse(await readFile(join(folder, 'talk.json'), 'utf8'))).toHaveProperty('messages')
    await chat.run(`/export ${join(folder, 'talk.json')} markdown`, 'is there already. Give another name.')
    expect(JSON.parse(await readFile(join(folder, 'talk.json'), 'utf8'))).toHaveProperty('messages')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('/search finds conversations by what was said, and /open opens one of them', async () => {
  await chat.run('about apples', 'You said: about apples.')
  await chat.run('/new', 'A new conversation begins')
  await chat.run('about pears', 'You said: about pears.')
  await chat.run('/search apples', '… about apples')
  expect(chat.screen).toMatch(/^1 {2}c1 .*\n {5}… about apples$/m)
  await chat.run('/search plums', 'Nothing was found.')
  await chat.run('/search pears', '1  c2')
  await chat.run('/search apples', '1  c1')
  await chat.run('/open 1', '› about apples')
  await chat.run('/search', 'Write what you look for')
})

test('/title renames the conversation', async () => {
  await chat.run('hello', 'End.')
  await chat.run('/title', 'Title: New conversation')
  await chat.run('/title Fruit, mostly', 'Title: Fruit, mostly')
  expect(chat.talk().conversation.title).toBe('Fruit, mostly')
})

test('behavior: titles and snippets of others do not control the terminal', async () => {
  await chat.run('hostile \u001b[2Jwords', 'safe')
  chat.talk().conversation.title = 'a\u001b]0;owned\u0007b\nc'
  const [first] = chat.talk().messages
  if (first) first.text = 'hostile \u009b31m\u001b[2Jwords'
  await chat.run('/search words', '… hostile words')
  expect(chat.screen).toContain('ab c')
})
