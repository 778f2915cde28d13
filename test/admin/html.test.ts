import test from 'ava'
import fc from 'fast-check'
import { html } from '../../lib/admin/html.ts'

test('text is escaped, in lists and within attributes too', t => {
  const nasty = `<b class="x" id='y'>&</b>`
  const escaped = '&lt;b class=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/b&gt;'
  t.is(html`<p title="${nasty}">${[nasty, 1]}</p>`.text, `<p title="${escaped}">${escaped}1</p>`)
})

test('HTML stays what it is, and nothing is nothing', t => {
  const bold = html`<b>${'&'}</b>`
  t.is(html`${bold}${[bold, [bold]]}${undefined}${false}${''}`.text, '<b>&amp;</b>'.repeat(3))
})

test('no text can leave its place', t => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const { text: page } = html`<p title="${text}">${text}</p>`
      t.notRegex(page.slice('<p title="'.length, -'</p>'.length), /<|(?<!^[^"]*)"(?!>)/)
      t.is(page.match(/[<>"]/g)!.join(''), '<"">' + '<>')
    }),
  )
})
