/** What pages do beyond being read: live parts, keys, copying, showing a secret while it is typed. Nothing here is needed to read. */

const RECONNECTING_AFTER_MS = 3_000
const RETRY_FIRST_MS = 1_000
const RETRY_LONGEST_MS = 30_000
const KEY_SEQUENCE_MS = 1_500
const COPIED_SHOWN_MS = 1_600

document.documentElement.classList.add('scripted')
live()
keys()
// On a phone a row of tabs is wider than the page: the one that this page is stands in sight.
for (const row of document.querySelectorAll('.tabs, .ranges')) {
  const here = row.querySelector('[aria-current]')
  if (here) row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.offsetWidth) / 2
}
document.addEventListener('htmx:after:init', catchUp)
document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('[data-menu][open]')) if (!menu.contains(event.target)) menu.open = false
  const button = event.target instanceof Element ? event.target.closest('button') : null
  if (button?.dataset.copy !== undefined) copy(button)
  if (button?.dataset.reveal !== undefined) reveal(button)
})

// What is shown once is gone with its page: the browser asks before that, unless it was said to be stored.
addEventListener('beforeunload', (event) => {
  const box = document.querySelector('form[data-stored] input')
  if (box !== null && !box.checked) event.preventDefault()
})

/** What was typed into a filter before htmx listened to it is told to it once it does, which may be after the page has loaded. */
function catchUp({ target }) {
  for (const filter of target.querySelectorAll('[data-filter]')) {
    if (filter.value !== filter.defaultValue) filter.dispatchEvent(new Event('input', { bubbles: true }))
  }
}

/** Keeps one stream open while the page is visible, and brings what it sends into the page. */
function live() {
  const url = document.body.dataset.live
  const note = document.getElementById('live-note')
  if (url === undefined || note === null) return
  let source
  let silence
  let retry
  let retryMs = RETRY_FIRST_MS

  const say = (text, state) => {
    if (note.textContent !== text) note.textContent = text
    note.dataset.state = state
  }
  const heard = () => {
    clearTimeout(silence)
    silence = setTimeout(() => {
      say('Reconnecting…', 'reconnecting')
      reopen()
    }, RECONNECTING_AFTER_MS)
  }
  const close = () => {
    clearTimeout(silence)
    clearTimeout(retry)
    source?.close()
  }
  const reopen = () => {
    source?.close()
    clearTimeout(retry)
    retry = setTimeout(open, retryMs)
    retryMs = Math.min(RETRY_LONGEST_MS, retryMs * 2)
  }
  const open = () => {
    close()
    source = new EventSource(url)
    heard()
    source.addEventListener('regions', (event) => {
      retryMs = RETRY_FIRST_MS
      say('Live', 'live')
      heard()
      for (const [id, html] of Object.entries(JSON.parse(event.data))) swap(id, html)
    })
    source.addEventListener('ended', (event) => {
      // With a code the page failed over there, which may pass: asked again, each time later.
      if (event.data !== '') return reopen()
      close()
      say('Signed out', 'ended')
    })
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) reopen()
    })
  }
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      close()
      say('Paused', 'paused')
    } else open()
  })
  if (!document.hidden) open()
}

/** Brings an element's content to the given HTML by changing what differs, so that focus, scroll and selection stay. */
function swap(id, html) {
  const target = document.getElementById(id)
  if (target === null || !('region' in target.dataset)) return
  const wanted = document.createElement('template')
  wanted.innerHTML = html
  morph(target, wanted.content)
}

function morph(current, wanted) {
  const olds = [...current.childNodes]
  const news = [...wanted.childNodes]
  news.forEach((fresh, i) => {
    const old = olds[i]
    if (old === undefined) current.append(fresh)
    else if (!alike(old, fresh)) old.replaceWith(fresh)
    else if (fresh.nodeType === Node.ELEMENT_NODE) morphElement(old, fresh)
    else if (old.data !== fresh.data) old.data = fresh.data
  })
  for (const surplus of olds.slice(news.length)) surplus.remove()
}

function morphElement(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name)
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value)
  morph(old, fresh)
}

function alike(old, fresh) {
  return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && (old.id ?? '') === (fresh.id ?? '')
}

/** `/` filters, `g` and a letter goes to a page, `?` lists the keys. Never while something is being typed. */
function keys() {
  let going = false
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    const typing = event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]')
    if (typing) {
      if (event.key === 'Escape' && 'filter' in typing.dataset) typing.blur()
      return
    }
    if (event.key === 'Escape') for (const menu of document.querySelectorAll('[data-menu][open]')) menu.open = false
    if (going) {
      going = false
      const entry = document.querySelector(`.pages a[data-key="${CSS.escape(event.key)}"]`)
      if (entry === null) return
      event.preventDefault()
      return entry.click()
    }
    if (event.key === 'g') {
      going = true
      setTimeout(() => {
        going = false
      }, KEY_SEQUENCE_MS)
    } else if (event.key === '/') {
      const filter = document.querySelector('[data-filter]')
      if (filter === null) return
      event.preventDefault()
      filter.focus()
      filter.select()
    } else if (event.key === '?') document.getElementById('keys')?.showModal()
  })
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy)
  } catch {
    return selectBeside(button)
  }
  button.classList.add('copied')
  setTimeout(() => button.classList.remove('copied'), COPIED_SHOWN_MS)
}

/** Where the clipboard is closed to us, the text is selected for the person to copy. */
function selectBeside(button) {
  const text = button.parentElement?.querySelector('code')
  if (text) window.getSelection()?.selectAllChildren(text)
}

function reveal(button) {
  const field = document.getElementById(button.dataset.reveal)
  if (field === null) return
  const show = field.type === 'password'
  field.type = show ? 'text' : 'password'
  button.textContent = show ? 'Hide' : 'Show'
  button.setAttribute('aria-pressed', String(show))
}
