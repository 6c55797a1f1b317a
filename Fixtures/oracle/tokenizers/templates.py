# SPDX-License-Identifier: Apache-2.0
"""Writes Fixtures/tokenizers/templates.json with Jinja2, set up as Transformers does."""

import json
import pathlib

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

FIXTURES = pathlib.Path(__file__).parents[2]


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


env = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
env.filters["tojson"] = tojson
env.globals["raise_exception"] = raise_exception


def from_json(path):
    return json.loads((FIXTURES / path).read_text())["chat_template"]


MODELS = {
    "mm1-tiny": from_json("mm1-tiny/tokenizer_config.json"),
    "llava-tiny": from_json("llava-tiny/tokenizer_config.json"),
    "smolvlm": from_json("tokenizers/smolvlm/chat_template.json"),
    "qwen2-vl": from_json("tokenizers/qwen2-vl/chat_template.json"),
}

TEXT = [
    [{"role": "user", "content": "What is this?"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi\nthere"},
     {"role": "assistant", "content": "Hello <b>&'\""}, {"role": "user", "content": "\u4f60\u597d"}],
    [],
]
PARTS = [
    [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Describe."}]}],
    [{"role": "user", "content": [{"type": "text", "text": "Compare "}, {"type": "image"},
                                  {"type": "image"}]},
     {"role": "assistant", "content": [{"type": "text", "text": "Same."}]}],
]

SNIPPETS = [
    "{{ 1 + 2 * 3 - 4 // 3 % 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 1.5 + 1 }}",
    "{{ 'a' ~ 1 ~ none ~ true ~ 1.0 ~ [1, 'b'] ~ {'k': none} }}", "{{ 'ab' * 3 }}|{{ [1] + [2] }}",
    "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' < 'b' }} {{ 1 == 1.0 }} {{ 'a' != 'b' }} {{ 2 >= 2 }}",
    "{{ not true or false and true }} {{ not (true or false) }} {{ '' or 'x' }} {{ 'y' and 'z' }}",
    "{{ 'a' in 'cat' }} {{ 'x' not in ['x'] }} {{ 'k' in {'k': 1} }} {{ 3 in [1, 2] }}",
    "{{ 'yes' if x is defined else 'no' }} {{ 'a' if false }}|{{ (y.z is defined) if y is defined }}",
    "{% set a = [1, 2, 3, 4] %}{{ a[0] }} {{ a[-1] }} {{ a[1:] }} {{ a[:-1] }} {{ a[::-1] }} {{ a[::2] }} {{ a[5:] }}",
    "{{ 'hello'[1:3] }} {{ 'hello'[0] }} {{ 'hello'[::-1] }} {{ 'h\u00e9llo'|length }}",
    "{{ '  a b '|trim }}|{{ '  a '.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}|",
    "{{ 'a,b,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ ' a  b '.split() }} {{ 'a</t>b'.split('</t>')[-1] }} {{ 'a,b,c'.rsplit(',', 1) }}",
    "{{ 'hello world'.title() }} {{ \"they're bill's\".title() }} {{ 'hELLO'.capitalize() }} {{ 'aB'.upper() }} {{ 'aB'.lower() }} {{ 'aXbX'.replace('X', '--') }} {{ 'aaa'.replace('a', 'b', 2) }}",
    "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'abc'.find('c') }} {{ 'banana'.count('an') }}",
    "{{ [1, 2, 3]|join(', ') }} {{ ['a', 'b']|join }} {{ [{'n': 'x'}, {'n': 'y'}]|join('-', attribute='n') }}",
    "{{ 'abc'|upper }} {{ 'ABC'|lower }} {{ 'abc def'|capitalize }} {{ 'a-b'|replace('-', '+') }} {{ [3, 1]|first }} {{ [3, 1]|last }} {{ 'abc'|reverse }}",
    "{{ {'a': 1, 'b': [true, none, 1.5, '\"\\n\u00e9</']}|tojson }}", "{{ {'a': {'b': [1, 2]}, 'c': []}|tojson(indent=2) }}",
    "{{ x|default('d') }} {{ ''|default('e', true) }} {{ none|default('f') }} {{ missing is none }} {{ none is none }}",
    "{{ 1 is number }} {{ 'a' is string }} {{ {} is mapping }} {{ [] is iterable }} {{ [] is sequence }} {{ 3 is odd }} {{ 4 is divisibleby 2 }} {{ 1 is not none }} {{ true is true }} {{ 1 is eq 1 }}",
    "{% for i in range(5) if i % 2 == 0 %}{{ loop.index }}/{{ loop.length }}:{{ i }}{{ ',' if not loop.last }}{% endfor %}",
    "{% for i in [] %}x{% else %}empty{% endfor %}", "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for i in [1, 2, 3] %}{{ loop.first }} {{ loop.index0 }} {{ loop.revindex }} {{ loop.previtem }} {{ loop.nextitem }}\n{% endfor %}",
    "{% set n = namespace(c=0, s='') %}{% for i in [1, 2, 3] %}{% set n.c = n.c + i %}{% set n.s = n.s ~ i %}{% endfor %}{{ n.c }} {{ n.s }}",
    "{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}", "{% if true %}{% set x = 5 %}{% endif %}{{ x }}",
    "{% set a, b = 1, 'two' %}{{ b }}{{ a }}", "{% set t %}  captured {{ 1 }} {% endset %}[{{ t }}]",
    "{% macro m(a, b='B') %}<{{ a }}{{ b }}>{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b=3, a=4) }}",
    "{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "  {% if true %}\n    x\n  {% endif %}\ny\n", "a  {%- if true -%}  b  {%- endif -%}  c", "a {{- ' b ' -}} c",
    "x\n  {% for i in [1, 2] %}\n  - {{ i }}\n  {% endfor %}\nend", "{# comment #}\na{# b #} c {#- d -#} e", "  {%+ if true +%}\n x{% endif %}",
    "{% raw %}{{ not }} {% this %}{% endraw %}!", "a\r\nb\n\n", "a\n", "{{ '{%' }} {{ \"}}\" }} {{ {'a': {'b': 1}} }}",
    "{{ messages|length }}{{ messages[0].role }}{{ messages[0]['content'] }}{{ messages[-1].missing }}|",
    "{% for m in messages|selectattr('role', 'equalto', 'user') %}{{ m.content }}{% endfor %}", "{{ messages|map(attribute='role')|list }} {{ [1, 2]|map('string')|join('+') }} {{ ['a', '']|select|list }} {{ [1, 2, 3]|reject('odd')|list }}",
    "{% if messages[0]['role'] == 'system' %}S{% set loop_messages = messages[1:] %}{% else %}{% set loop_messages = messages %}{% endif %}{{ loop_messages|length }}",
    "{{ 'a' 'b' }} {{ (1, 2)|list }} {{ [] }} {{ {} }} {{ none }} {{ missing }}|{{ [missing is defined] }}", "{{ \"it's\" ~ ['it\\'s', 'a\"b'] }}",
    "{{ 5|string ~ '3'|int }} {{ '2.5'|float }} {{ -3|abs }} {{ 2.6|round }} {{ 'x\ny'|indent(2) }} {{ [1, 1, 2]|unique|list }}",
    "{{ ({'b': 1, 'a': 2}|dictsort)[0]|join }} {{ ({'b': 1}|items|list)[0]|join }} {{ {'a': 1}.get('a') }} {{ {'a': 1}.get('z', 9) }} {{ {'a': 1}.keys()|list }}",
    "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{{ message['content'].strip() }}{% endfor %}",
    "{{ raise_exception('no ' ~ 'way') }}", "{{ 1 + 'a' }}", "{{ missing.field }}", "{{ missing() }}", "{% if %}x{% endif %}", "{% for i in [1] %}", "{{ 1 + }}", "{{ [1, 2 }}", "{% endif %}", "{{ x | nofilter }}", "{{ 1 is notest }}", "{% frobnicate %}", "{{ 'open }}",
]


def row(template, variables, name=None):
    result = {"model": name} if name else {"template": template}
    result["variables"] = variables
    try:
        result["output"] = env.from_string(template).render(**variables)
    except (jinja2.exceptions.TemplateError, TypeError):
        result["output"] = None
    return result


rows = []
for name, template in MODELS.items():
    for messages in (PARTS if name == "smolvlm" else TEXT + PARTS if name == "qwen2-vl" else TEXT):
        for prompt in (False, True):
            rows.append(row(template, {
                "messages": messages, "add_generation_prompt": prompt,
                "bos_token": "<s>", "eos_token": "</s>"}, name))
for snippet in SNIPPETS:
    rows.append(row(snippet, {"messages": TEXT[1], "bos_token": "<s>"}))
(FIXTURES / "tokenizers/templates.json").write_text(
    "[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")
for r in rows:
    if r["output"] is None:
        print("error:", r.get("template"))
