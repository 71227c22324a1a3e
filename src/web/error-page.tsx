/** What a person sees when something failed: what it was, what to do, and the id under which the log has it. */
import type { Child } from 'hono/jsx'
import { CopyButton } from './figures.tsx'
import { PlainLayout } from './layout.tsx'
import type { Place } from './place.ts'
import type { Problem } from './problem.ts'
import type { View } from './view.ts'
import { sentence, Words } from './words.tsx'

/** The error page in its own frame. `home` is where the button leads. */
export function ErrorPage(props: { place: Place; problem: Problem; home: { label: string; href: string } }): View {
  return (
    <PlainLayout place={props.place} title={props.problem.title}>
      <div class="card gate">
        <ErrorDetail problem={props.problem} />
        <a class="button" href={props.home.href}>
          {props.home.label}
        </a>
      </div>
    </PlainLayout>
  )
}

/** The same without a frame, for a page that keeps its navigation. */
export function ErrorDetail(props: { problem: Problem; children?: Child }): View {
  const { problem } = props
  return (
    <>
      <h1>{problem.title}</h1>
      <p>
        <Words text={sentence(problem.detail)} />
      </p>
      {problem.advice !== undefined && (
        <p>
          <Words text={problem.advice} />
        </p>
      )}
      {problem.retryAfter !== undefined && <p>{`Try again in ${problem.retryAfter} s.`}</p>}
      <dl class="facts">
        <dt>Code</dt>
        <dd>
          <code>{problem.code}</code>
        </dd>
        {problem.requestId !== undefined && (
          <>
            <dt>Request</dt>
            <dd class="id">
              <code>{problem.requestId}</code>
              <CopyButton text={problem.requestId} label="Copy the request id" small />
            </dd>
          </>
        )}
      </dl>
      {props.children}
    </>
  )
}
