"""The compiler freezes a letter once, and refuses templates that would go wrong at send time."""

import json
import shutil
import socket
from pathlib import Path

import pytest

from newsletter.errors import MessageError, TemplateError
from newsletter.mail.template import Letter, fill_in, load_letter

SHIPPED = Path(__file__).parent.parent / "templates" / "email"
HELLO = """<mjml><mj-head><mj-style inline="inline">.a{color:#123456}</mj-style></mj-head><mj-body>
<mj-section><mj-column><mj-text>
<p class="a">Hello {{ name }}{# a note #}</p>
%s
</mj-text></mj-column></mj-section></mj-body></mjml>
"""


@pytest.fixture
def folder(tmp_path):
    """A letter `hello` of three small files."""
    (tmp_path / "hello.mjml").write_text(HELLO % "")
    (tmp_path / "hello.txt").write_text("Hello {{ name }}\n")
    (tmp_path / "hello.subject.txt").write_text("Hello {{ name }}")
    return tmp_path


@pytest.fixture
def own(tmp_path):
    """A user's folder that overrides one file of the shipped digest at a time."""

    def override(name: str, old: str, new: str) -> list[Path]:
        text = (SHIPPED / name).read_text(encoding="utf-8")
        assert old in text
        (tmp_path / name).write_text(text.replace(old, new), encoding="utf-8")
        return [tmp_path, SHIPPED]

    return override


def test_a_letter_is_ready_for_each_reader(folder):
    letter = load_letter("hello", [folder], {"name": "Ada"})
    assert fill_in(letter, "text", {"name": "<Ada>"}) == "Hello <Ada>"
    html = fill_in(letter, "html", {"name": "<Ada>"})
    assert '<p class="a" style="color:#123456">Hello &lt;Ada&gt;</p>' in html
    assert html.startswith("<!DOCTYPE html>")
    assert "a note" not in html


def test_the_shipped_digest_asks_the_network_for_nothing(monkeypatch):
    monkeypatch.setattr(socket, "socket", lambda *_: pytest.fail("the compiler opened a connection"))
    html = load_letter("digest", [SHIPPED]).html
    assert not any(mark in html for mark in ("<link", "@import", "url(", "jj0"))


def test_dark_mode_and_outlook_blocks_survive():
    html = load_letter("digest", [SHIPPED]).html
    assert "prefers-color-scheme:dark){\nbody,.page{background-color:#101115 !important}" in html
    assert "[data-ogsc] .ink{color:" in html
    assert 'name="color-scheme" content="light dark"' in html
    assert "<!--[if mso" in html
    assert "mso-hide:all" in html


def test_the_same_files_give_the_same_hash_and_other_files_another(folder):
    first = load_letter("hello", [folder])
    assert load_letter("hello", [folder]) == first
    (folder / "hello.txt").write_text("Good day {{ name }}\n")
    assert load_letter("hello", [folder]) != first


def test_a_letter_comes_back_from_the_database_as_it_was(folder):
    letter = load_letter("hello", [folder])
    again = Letter.from_dict(json.loads(json.dumps(letter.to_dict())))
    assert again == letter
    assert again.to_dict() == letter.to_dict()


def test_a_frozen_letter_that_was_changed_is_refused(folder):
    frozen = load_letter("hello", [folder]).to_dict()
    with pytest.raises(TemplateError, match="'hello' does not match its hash: replan"):
        Letter.from_dict(frozen | {"text": "other"})


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        ("{% if name %}", 5, "Jinja: Unexpected end of template"),
        ("{{ name | nofilter }}", 4, "no filter is called 'nofilter'"),
        ("{% if name is odder %}{% endif %}", 4, "no test is called 'odder'"),
        ("{{ name }", 4, "Jinja: unexpected '}'"),
        ("{{ nobody }}", 4, "nobody is not known"),
        ("{{ name.first }}", 4, "has no attribute 'first'"),
        ("{{ 1 // 0 }}", 1, "division"),
        ("<mj-foo />", 4, "<mj-foo> is not known"),
        ("<p a=>x</p>", 4, "an attribute of <p> cannot be read"),
        ("<script>x</script>", 4, "<script> is not allowed"),
        ('<p onclick="x">y</p>', 4, "onclick= of <p> is not allowed"),
    ],
)
def test_a_broken_template_is_told_with_file_line_and_cure(folder, body, line, what):
    (folder / "hello.mjml").write_text(HELLO % body)
    with pytest.raises(TemplateError) as caught:
        load_letter("hello", [folder], {"name": "Ada"})
    text = str(caught.value)
    assert text.startswith(f"{folder / 'hello.mjml'}:{line}: ")
    assert what in text
    assert "\n  cure: " in text


def test_a_placeholder_that_got_lost_on_the_way_is_named(folder):
    (folder / "hello.mjml").write_text((HELLO % "").replace(".a{color:#123456}", ".unused{color:{{ name }}}"))
    with pytest.raises(TemplateError, match=r"hello\.mjml:1: \{\{ name \}\} got lost"):
        load_letter("hello", [folder])


def test_marks_that_the_compiler_tears_apart_are_refused(folder):
    title = "<mj-head><mj-title>{% for one in name %}</mj-title>"
    (folder / "hello.mjml").write_text((HELLO % "{% endfor %}").replace("<mj-head>", title))
    with pytest.raises(TemplateError, match=r"hello\.mjml: Jinja, once compiled: .*\n  cure: open and close"):
        load_letter("hello", [folder])


def test_an_offset_of_the_compiler_becomes_a_line(folder):
    (folder / "hello.mjml").write_text("\n<mj-nothing/>")
    with pytest.raises(TemplateError, match=r"hello\.mjml:2: "):
        load_letter("hello", [folder])
    (folder / "hello.mjml").write_text("\n\n<p>x</p>")
    with pytest.raises(TemplateError, match=r"hello\.mjml:3: MJML: unexpected token\n    <p>x</p>\n"):
        load_letter("hello", [folder])


def test_what_the_compiler_refuses_without_a_place_blames_no_line(folder):
    (folder / "hello.mjml").write_text(HELLO % "]]>")
    with pytest.raises(TemplateError, match=r"hello\.mjml: MJML: unable to parse next template\n  cure: check"):
        load_letter("hello", [folder])


def test_what_no_line_can_be_blamed_for_is_looked_for_in_the_files_that_replace_ours(own):
    folders = own("_footer.html", "Know someone", "]]>")
    with pytest.raises(TemplateError, match="MJML: unable to parse") as caught:
        load_letter("digest", folders)
    assert str(caught.value).startswith(f"{folders[0] / '_footer.html'}: ")


def test_every_line_in_a_message_is_one_of_a_file(own):
    folders = own("_masthead.html", "</h1>", "</h2>")
    with pytest.raises(TemplateError, match=r"_masthead\.html:4: </h2> closes <h1> of line 4\n    <h1 "):
        load_letter("digest", folders)
    folders = own("_masthead.html", "</h1>", "</h1>\n<b></i></b>")
    with pytest.raises(TemplateError) as caught:
        load_letter("digest", folders)
    assert "_masthead.html:5: </i> closes <b> of line 5\n" in str(caught.value)


def test_a_close_in_one_file_of_what_another_opened_names_both(own):
    folders = own("_masthead.html", "</h1>", "</h1></mj-colum>")
    with pytest.raises(TemplateError) as caught:
        load_letter("digest", folders)
    own_file, shipped = folders[0] / "_masthead.html", folders[1] / "digest.mjml"
    lines = shipped.read_text(encoding="utf-8").split("\n")
    opened = lines.index('        <mj-text><div dir="[[ side.direction ]]">') + 1
    assert f"{own_file}:4: </mj-colum> closes <div> of {shipped}:{opened}\n" in str(caught.value)


def test_a_mark_in_a_size_is_shown_as_it_was_written(own):
    mark = "{{ 16\n  }}"
    with pytest.raises(TemplateError) as caught:
        load_letter("digest", own("digest.mjml", 'border-radius="[[ shape.sheet ]]"', f'border-radius="{mark}"'))
    assert 'border-radius="{{ 16 }}" means nothing\n' in str(caught.value)
    assert "\n  cure: marks are not allowed in sizes" in str(caught.value)


def test_the_compilers_own_token_is_refused_in_a_template(folder):
    (folder / "hello.mjml").write_text(HELLO % "jj0000jj")
    with pytest.raises(TemplateError, match=r"hello\.mjml:4: jj0000jj is how the compiler marks"):
        load_letter("hello", [folder])


def test_a_mark_over_several_lines_keeps_lines_right(folder):
    (folder / "hello.mjml").write_text(HELLO % "{{ name\n}}{# two\nlines #}\n<mj-foo />")
    with pytest.raises(TemplateError, match=r"hello\.mjml:7: <mj-foo>"):
        load_letter("hello", [folder])


def test_one_partial_may_be_overridden(own):
    folders = own("_footer.html", "Know someone", "Do you know someone")
    assert "Do you know someone" in load_letter("digest", folders).html


@pytest.mark.parametrize("name", ["unsubscribe_url", "preferences_url", "postal_address", "reason"])
@pytest.mark.parametrize("file", ["_footer.html", "digest.txt"])
def test_a_digest_without_its_duties_is_refused_by_name_and_file(own, file, name):
    mark = f"{name}|fill" if file == "digest.txt" and not name.endswith("url") else name
    folders = own(file, f"{{{{ {mark} }}}}", "gone")
    own("_inline.css", ".headline", ".headline")
    with pytest.raises(TemplateError) as caught:
        load_letter("digest", folders)
    assert str(caught.value).startswith(f"{folders[0] / file}: {{{{ {name} }}}} is not shown\n  cure: ")


def test_a_digest_without_a_footer_names_the_file_that_left_it_out(own):
    folders = own("digest.mjml", '[% include "_footer.html" %]', "")
    own("_inline.css", ".headline", ".headline")
    with pytest.raises(TemplateError) as caught:
        load_letter("digest", folders)
    files = [f"{folders[0] / name}" for name in ("digest.mjml", "_inline.css")]
    assert str(caught.value).startswith(f"{', '.join(files)}: {{{{ unsubscribe_url }}}} is not shown\n")


def test_a_digest_of_one_folder_that_forgot_a_duty_is_named_itself(tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "copy")
    (tmp_path / "copy" / "_footer.html").write_text("")
    with pytest.raises(TemplateError) as caught:
        load_letter("digest", [tmp_path / "copy"])
    assert str(caught.value).startswith(f"{tmp_path / 'copy' / 'digest.mjml'}: {{{{ unsubscribe_url }}}} is not")


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        ("_card.html", "{{ paper.title }}", "{{ paper.titel }}", r"_card\.html:9: .*'titel'"),
        ("_rows.html", "{{ rows_heading }}", "{{ rows_headline }}", r"_rows\.html:2: rows_headline is not known"),
        ("digest.txt", "{{ dek|fill }}", "{{ deck|fill }}", r"digest\.txt:4: deck is not known"),
        (
            "_dark.css",
            "body,.page",
            "@media print{#x{a:b}}body,.page",
            r"_dark\.css:15: Jinja: Missing end of comment",
        ),
    ],
)
def test_a_slip_in_a_partial_names_the_partial_and_line(own, file, old, new, what):
    with pytest.raises(TemplateError, match=what):
        load_letter("digest", own(file, old, new))


def test_values_that_a_template_cannot_take_fail_that_reader_only(folder):
    letter = load_letter("hello", [folder])
    with pytest.raises(
        MessageError, match="the html of letter 'hello' fails on these values: 'name' is undefined"
    ):
        fill_in(letter, "html", {})


def test_a_folder_copied_whole_gives_the_same_letter(tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "copy")
    assert load_letter("digest", [tmp_path / "copy"]) == load_letter("digest", [SHIPPED])
