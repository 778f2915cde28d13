// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how replacements refer to groups

/** What an action does, and which of its rules are refused. */
export type ActionCases = {
  /** Labels, the fields of the rule, and what vmagent 1.145 makes of them; `{}` if they are dropped. */
  readonly good: readonly (readonly [series: string, fields: string, result: string])[]
  /** The fields of a rule; the one at fault, or undefined if one is missing; and what is wrong. vmagent refuses them too. */
  readonly bad: readonly (readonly [fields: string, field: string | undefined, problem: RegExp])[]
}

const NEEDS_SOURCES = /needs source_labels/
const NEEDS_TARGET = /needs target_label/

const keepOrDrop = (keeps: boolean): ActionCases => {
  const outcome = (series: string, isHit: boolean) => (isHit === keeps ? series : '{}')
  const rows: readonly (readonly [series: string, fields: string, isHit: boolean])[] = [
    ['m{a="x"}', 'source_labels: [a], regex: x', true],
    ['m{a="xy"}', 'source_labels: [a], regex: x', false],
    ['m', 'source_labels: [a], regex: ""', true],
    ['m{a="x", b="y"}', 'source_labels: [a, b], regex: "x;y"', true],
    ['m{a="x", b="y"}', 'source_labels: [a, b], separator: "-", regex: "x;y"', false],
    ['m{a="x"}', 'source_labels: [a]', true],
    ['m', 'if: m', true],
    ['m', "if: '{a=\"\"}', source_labels: [a], regex: 'x'", false],
  ]
  return {
    good: rows.map(([series, fields, isHit]) => [series, fields, outcome(series, isHit)]),
    bad: [
      ['', undefined, NEEDS_SOURCES],
      ['regex: x', undefined, NEEDS_SOURCES],
      ['source_labels: []', 'source_labels', NEEDS_SOURCES],
      ['source_labels: [a], regex: "("', 'regex', /missing closing \)/],
    ],
  }
}

const equalsTarget = (isKept: boolean): ActionCases => {
  const outcome = (series: string, isEqual: boolean) => (isEqual === isKept ? series : '{}')
  const fields = 'source_labels: [a], target_label: b'
  return {
    good: [
      ['m{a="x",b="x"}', fields, outcome('m{a="x", b="x"}', true)],
      ['m{a="x",b="y"}', fields, outcome('m{a="x", b="y"}', false)],
      ['m{a="x"}', fields, outcome('m{a="x"}', false)],
      ['m', fields, outcome('m', true)],
      [
        'm{a="x",b="x-y",c="y"}',
        'source_labels: [a, c], separator: "-", target_label: b',
        outcome('m{a="x", b="x-y", c="y"}', true),
      ],
      ['m{b="x"}', 'target_label: b', outcome('m{b="x"}', false)],
      ['m', 'target_label: b', outcome('m', true)],
    ],
    bad: [
      ['source_labels: [a]', undefined, NEEDS_TARGET],
      ['source_labels: [a], target_label: b, regex: x', 'regex', /does not take regex/],
      ['source_labels: [a], target_label: b, regex: ""', 'regex', /does not take regex/],
    ],
  }
}

const allEqual = (isKept: boolean): ActionCases => {
  const outcome = (series: string, isEqual: boolean) => (isEqual === isKept ? series : '{}')
  return {
    good: [
      ['m{a="x",b="x"}', 'source_labels: [a, b]', outcome('m{a="x", b="x"}', true)],
      ['m{a="x",b="y"}', 'source_labels: [a, b]', outcome('m{a="x", b="y"}', false)],
      ['m{a="x",b="x"}', 'source_labels: [a, b, c]', outcome('m{a="x", b="x"}', false)],
      ['m', 'source_labels: [a, b]', outcome('m', true)],
    ],
    bad: [
      ['', undefined, /needs 2 source_labels, found 0/],
      ['source_labels: [a]', 'source_labels', /needs 2 source_labels, found 1/],
      ['source_labels: [a, b], target_label: c', 'target_label', /does not take target_label/],
      ['source_labels: [a, b], regex: x', 'regex', /does not take regex/],
    ],
  }
}

const containsAll = (isKept: boolean): ActionCases => {
  const outcome = (series: string, contains: boolean) => (contains === isKept ? series : '{}')
  const fields = 'source_labels: [a, b], target_label: t'
  return {
    good: [
      ['m{a="x",b="z",t="xyz"}', fields, outcome('m{a="x", b="z", t="xyz"}', true)],
      ['m{a="x",b="q",t="xyz"}', fields, outcome('m{a="x", b="q", t="xyz"}', false)],
      ['m{a="x",t="xyz"}', fields, outcome('m{a="x", t="xyz"}', true)],
      ['m{a="x"}', fields, outcome('m{a="x"}', false)],
      ['m', fields, outcome('m', true)],
    ],
    bad: [
      ['source_labels: [a]', undefined, NEEDS_TARGET],
      ['target_label: t', undefined, /needs 1 source_labels, found 0/],
      ['source_labels: [a], target_label: t, regex: x', 'regex', /does not take regex/],
    ],
  }
}

const byMetricName = (isKept: boolean): ActionCases => {
  const outcome = (series: string, isHit: boolean) => (isHit === isKept ? series : '{}')
  return {
    good: [
      ['up', 'regex: up', outcome('up', true)],
      ['upper', 'regex: up', outcome('upper', false)],
      ['go_x{a="1"}', 'regex: ["go_.*", up]', outcome('go_x{a="1"}', true)],
      ['{a="up"}', 'regex: up', outcome('{a="up"}', false)],
      ['up', 'if: up', outcome('up', true)],
    ],
    bad: [
      ['', undefined, /needs regex/],
      ['regex: ""', 'regex', /needs regex/],
      ['regex: x, source_labels: [a]', 'source_labels', /does not take source_labels/],
    ],
  }
}

const changesCase = (upper: boolean): ActionCases => ({
  good: [
    ['m{a="aB é"}', 'source_labels: [a], target_label: a', upper ? 'm{a="AB É"}' : 'm{a="ab é"}'],
    [
      'm{a="aB",b="Ä"}',
      'source_labels: [a, b], separator: "-", target_label: c',
      upper ? 'm{a="aB", b="Ä", c="AB-Ä"}' : 'm{a="aB", b="Ä", c="ab-ä"}',
    ],
    ['m{b="x"}', 'source_labels: [a], target_label: b', 'm'],
    ['Mm', 'source_labels: [__name__], target_label: __name__', upper ? 'MM' : 'mm'],
  ],
  bad: [
    ['target_label: a', undefined, NEEDS_SOURCES],
    ['source_labels: [a]', undefined, NEEDS_TARGET],
  ],
})

export const ACTION_CASES: Readonly<Record<string, ActionCases>> = {
  replace: {
    good: [
      ['m{a="x"}', 'source_labels: [a], target_label: b', 'm{a="x", b="x"}'],
      ['m{a="x",c="y"}', 'source_labels: [a, b, c], target_label: d', 'm{a="x", c="y", d="x;;y"}'],
      ['m{a="x1"}', 'source_labels: [a], regex: "x(.*)", target_label: b', 'm{a="x1", b="1"}'],
      ['m{a="y"}', 'source_labels: [a], regex: "x(.*)", target_label: b', 'm{a="y"}'],
      ['m{a="x"}', 'target_label: b, replacement: fixed', 'm{a="x", b="fixed"}'],
      ['m{a="x"}', 'target_label: a, replacement: ""', 'm'],
      ['m{a="x"}', 'source_labels: [a], regex: ".*", target_label: b', 'm{a="x", b="x"}'],
      ['m{a="x"}', 'source_labels: [a], regex: ".+", target_label: b', 'm{a="x"}'],
      [
        'm{a="k-v"}',
        'source_labels: [a], regex: "(.)-(.)", target_label: "x_$1", replacement: "$2"',
        'm{a="k-v", x_k="v"}',
      ],
      ['m{a="x",b="y"}', 'target_label: c, replacement: "{{a}}/{{b}}{{nope}}"', 'm{a="x", b="y", c="x/y"}'],
      ['m{a="x"}', 'target_label: "c_{{a}}", replacement: v', 'm{a="x", c_{{a}}="v"}'],
      ['m{a="$1",b="y"}', 'source_labels: [b], target_label: c, replacement: "{{a}}"', 'm{a="$1", b="y", c="y"}'],
      ['m{a="-$1",b="y"}', 'source_labels: [b], target_label: c, replacement: "{{a}}"', 'm{a="-$1", b="y", c="-$1"}'],
      [
        'm{a="-$1",b="y"}',
        'source_labels: [b], regex: "(.+)", target_label: c, replacement: "{{a}}"',
        'm{a="-$1", b="y", c="-y"}',
      ],
      ['m{a="x"}', 'source_labels: [a], target_label: b, replacement: "$01|${1}"', 'm{a="x", b="|x"}'],
    ],
    bad: [
      ['', undefined, NEEDS_TARGET],
      ['source_labels: [a]', undefined, NEEDS_TARGET],
      ['target_label: ""', 'target_label', NEEDS_TARGET],
      ['target_label: b, regex: "[b-a]"', 'regex', /invalid character class range/],
      ['target_label: b, regex: [a, "("]', 'regex', /missing closing \)/],
      ['target_label: b, match: "a*"', 'match', /match belongs to action graphite only/],
      ['target_label: b, labels: {a: b}', 'labels', /labels belongs to action graphite only/],
    ],
  },
  replace_all: {
    good: [
      ['m{a="x-y-z"}', 'source_labels: [a], target_label: a, regex: "-", replacement: "_"', 'm{a="x_y_z"}'],
      [
        'm{a="a1b22"}',
        'source_labels: [a], target_label: b, regex: "[0-9]+", replacement: "<$0>"',
        'm{a="a1b22", b="a<1>b<22>"}',
      ],
      ['m{a="x"}', 'source_labels: [a], target_label: b, regex: y', 'm{a="x"}'],
      [
        'm{a="xx",c="x"}',
        'source_labels: [a, c], target_label: b, regex: "^x|x$", replacement: ""',
        'm{a="xx", b="x;", c="x"}',
      ],
      ['m{a="xy"}', 'source_labels: [a], target_label: b, regex: "(.)(.)", replacement: "$2$1"', 'm{a="xy", b="yx"}'],
    ],
    bad: [
      ['target_label: a', undefined, NEEDS_SOURCES],
      ['source_labels: [a]', undefined, NEEDS_TARGET],
      ['source_labels: [a], target_label: b, regex: "*"', 'regex', /missing argument to repetition/],
    ],
  },
  keep: keepOrDrop(true),
  drop: keepOrDrop(false),
  keepequal: equalsTarget(true),
  dropequal: equalsTarget(false),
  keep_if_equal: allEqual(true),
  drop_if_equal: allEqual(false),
  keep_if_contains: containsAll(true),
  drop_if_contains: containsAll(false),
  keep_metrics: byMetricName(true),
  drop_metrics: byMetricName(false),
  hashmod: {
    good: [
      ['m{a="v0"}', 'source_labels: [a], target_label: h, modulus: 10', 'm{a="v0", h="7"}'],
      [
        'm{a="v11",b="w77"}',
        'source_labels: [a, b], separator: ",", target_label: h, modulus: 1000003',
        'm{a="v11", b="w77", h="371927"}',
      ],
      ['m{a="x"}', 'source_labels: [nope], target_label: h, modulus: 1', 'm{a="x", h="0"}'],
    ],
    bad: [
      ['source_labels: [a], target_label: b', undefined, /needs a modulus/],
      ['source_labels: [a], target_label: b, modulus: 0', 'modulus', /found 0/],
      ['target_label: b, modulus: 8', undefined, NEEDS_SOURCES],
      ['source_labels: [a], modulus: 8', undefined, NEEDS_TARGET],
    ],
  },
  lowercase: changesCase(false),
  uppercase: changesCase(true),
  labelmap: {
    good: [
      ['m{x_a="1",y="2"}', 'regex: "x_(.+)"', 'm{a="1", x_a="1", y="2"}'],
      ['m{x_a="1",a="2"}', 'regex: "x_(.+)"', 'm{a="1", x_a="1"}'],
      ['m{x_a="1"}', 'regex: "x_(.+)", replacement: "${1}_y"', 'm{a_y="1", x_a="1"}'],
      ['m{x="1"}', '', 'm{x="1"}'],
      ['m{x="1"}', 'replacement: "q_$1"', 'm{q___name__="m", q_x="1", x="1"}'],
      ['m{x="1"}', 'regex: ".*", replacement: "q_$1"', 'm{q___name__="m", q_x="1", x="1"}'],
    ],
    bad: [['regex: "a{2,1}"', 'regex', /invalid repeat count/]],
  },
  labelmap_all: {
    good: [
      ['m{a-b-c="1"}', 'regex: "-", replacement: "_"', 'm{a_b_c="1"}'],
      ['m{xy="1"}', 'regex: "(x)(y)", replacement: "$2$1"', 'm{yx="1"}'],
      ['m{a="1"}', 'regex: z', 'm{a="1"}'],
      ['m{a="1"}', 'regex: "^_+", replacement: ""', '{a="1", name__="m"}'],
    ],
    bad: [['regex: "\\\\8"', 'regex', /invalid escape sequence/]],
  },
  labeldrop: {
    good: [
      ['m{a="1",ab="2"}', 'regex: a', 'm{ab="2"}'],
      ['m{a="1",ab="2"}', 'regex: "a.*"', 'm'],
      ['m{a="1"}', 'regex: __name__', '{a="1"}'],
      ['m{a="1"}', '', '{}'],
    ],
    bad: [['regex: "a)"', 'regex', /unexpected \)/]],
  },
  labelkeep: {
    good: [
      ['m{a="1",ab="2"}', 'regex: "__name__|a"', 'm{a="1"}'],
      ['m{a="1",ab="2"}', 'regex: "a"', '{a="1"}'],
      ['m{a="1"}', 'regex: z', '{}'],
      ['m{a="1"}', '', 'm{a="1"}'],
    ],
    bad: [['regex: "(?z)"', 'regex', /invalid or unsupported Perl syntax/]],
  },
  graphite: {
    good: [
      ['racks.r1.fan.rpm', 'match: "racks.*.fan.*", labels: {__name__: "fan_$2", host: "$1"}', 'fan_rpm{host="r1"}'],
      ['racks.a.b.fan.rpm', 'match: "racks.*.fan.*", labels: {host: "$1"}', 'racks.a.b.fan.rpm'],
      ['a..b', 'match: "a.*.b", labels: {x: "<$1>"}', 'a..b{x="<>"}'],
      ['a.b', 'match: "*.b", labels: {x: "${1}$0$2"}', 'a.b{x="aa.b$2"}'],
      ['ab{x="old"}', 'match: "a*", labels: {x: "$1"}', 'ab{x="b"}'],
    ],
    bad: [
      ['labels: {a: b}', undefined, /needs match/],
      ['match: "a*"', undefined, /needs labels/],
      ['match: "a*", labels: {}', 'labels', /needs labels/],
      ['match: "a*", labels: {a: b}, source_labels: [a]', 'source_labels', /does not take source_labels/],
      ['match: "a*", labels: {a: b}, target_label: a', 'target_label', /does not take target_label/],
      ['match: "a*", labels: {a: b}, regex: a', 'regex', /does not take regex/],
      ['match: "a*", labels: {a: b}, replacement: a', 'replacement', /does not take replacement/],
    ],
  },
}
