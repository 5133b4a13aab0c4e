"""LaTeX in titles and abstracts comes out as people would read it, and nothing gets lost."""

import gzip
import itertools
import json
import re
import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.tex import plain

EXACT = {
    r"$\alpha$-divergence": "α-divergence",
    r"$10^{-3}$": "10⁻³",
    r"\textit{in vitro} and \textbf{bold} \emph{x}": "in vitro and bold x",
    r"A \textbf{nested \emph{style}}": "A nested style",
    r"$\ell_2$-norm": "ℓ₂-norm",
    r"$L_{\infty}$": "L_∞",
    r"$\mathbb{R}^d$": "ℝᵈ",
    r"$x_{i+1}^{(t)}$": "xᵢ₊₁⁽ᵗ⁾",
    r"$x_{y_{z}}$": "x_(y_z)",
    r"$\frac{a+b}{c^2}$ and $\frac12$": "(a+b)/(c²) and 1/2",
    r"100\% of \$5 \& \#1 a\_b": "100% of $5 & #1 a_b",
    "costs $5 and $10 per month": "costs $5 and $10 per month",
    "between $5-$10, and $3M": "between $5-$10, and $3M",
    "a cost of $100 for $n$ users": "a cost of $100 for n users",
    r"\url{https://example.org/x}.": "https://example.org/x.",
    r"\href{https://x.test}{our site} and \href{https://y.test}{\textbf{theirs}}": "our site and theirs",
    r"the sphere~$\mathbb{S}^d$": "the sphere 𝕊ᵈ",
    r"As in~\cite{a,b} and \citet[p. 2]{c} shows\footnote{no}": "As in and shows",
    "``quoted'' -- and --- dash": "“quoted” – and — dash",
    "pages 3--5, Yang--Mills, run with --flag": "pages 3–5, Yang–Mills, run with --flag",
    "Figure~1 has ~5 lines": "Figure 1 has ~5 lines",
    r"$\mathrm{SO}(3)$-equivariant": "SO(3)-equivariant",
    "$p<0.05$, 50% of R&D #1": "p<0.05, 50% of R&D #1",
    "{GPT-4}: A {LLM} for {a, b}": "GPT-4: A LLM for {a, b}",
    "Al$_2$O$_3$": "Al₂O₃",
    r"\(x^2\) and \[E=mc^2\]": "x² and E=mc²",
    r"\textsc{Foo} \texttt{bar} {\em baz}": "Foo bar baz",
    r"$90^\circ$C": "90°C",
    r"$\operatorname{argmax}_x$": "argmaxₓ",
    r"H\"older, na\"{\i}ve, Erd\H{o}s, \'Etale": "Hölder, naïve, Erdős, Étale",
    r"\'{e} \v{c} \c{c}": "é č ç",
    r"$\sqrt{n}$ and $O(n \log n)$": "√(n) and O(n log n)",
    r"$SU(2)_L \times U(1)_Y$": "SU(2)_L × U(1)_Y",
    r"$H_0 = 70$ km s$^{-1}$ Mpc$^{-1}$": "H₀ = 70 km s⁻¹ Mpc⁻¹",
    r"$z\sim 2$": "z\u223c2",
    r"$\widetilde{O}(\sqrt{T})$": "Õ(√(T))",
    r"\ours beats \method{X} by 5\%": "ours beats X by 5%",
    r"$\pi^{*}_{0.6}$ and $\pi_{0.5}$": "π*₀.₆ and π₀.₅",
    r"A $\texttt{SUPER}^{\ast}$ Algorithm": "A SUPER* Algorithm",
    r"\textbf{$h(X_k \mid X_{k-1})$} holds": "h(Xₖ | Xₖ₋₁) holds",
    r"$\left|\psi_x(y)\right|^2$ and $\bigl(\tfrac12\bigr)$": "|ψₓ(y)|² and (1/2)",
    r"$\left\{x\right.$": "{x",
    r"$\sum_{\alpha\in\mathcal{A}} \pi$": "∑_(α∈𝒜) π",
    r"$γ(3,4)$ `Attention' in Agents": "γ(3,4) ‘Attention’ in Agents",
    r"C:\path\new keeps its words": "C:pathnew keeps its words",
    "<script>alert(1)</script> & a<b": "<script>alert(1)</script> & a<b",
}
ODD = (
    "unbalanced {brace and $x",
    "⟦7⟧ $⟦0⟧_{⟦0⟧}$ \ue001" + "7\ue002",
    "$$",
    "\\",
    r"\frac{",
    r"50\% \frac 100\% %s",
    "$_$ ^ {",
    r"\label{only}",
    r"\href{u",
    "{" * 5_000 + "\\",
    "$" * 5_000,
    r"\(" * 3_000,
    r"\emph{" * 2_000,
)


@pytest.mark.parametrize(("source", "text"), EXACT.items())
def test_latex_reads_as_text(source, text):
    assert plain(source) == unicodedata.normalize("NFC", text) or plain(source) == text


@pytest.mark.parametrize("source", ODD, ids=range(len(ODD)))
def test_odd_input_stays_readable(source):
    assert plain(source).strip()


def test_plain_text_is_untouched():
    text = string.ascii_letters + string.digits + " -_.,:;!?()[]<>|/+=*&%#@'\" \n"
    assert plain(text) == text


def test_no_internal_mark_ever_comes_out():
    assert not any("\ue000" <= char <= "\uf8ff" for odd in ODD for char in plain(odd))


def _letters(text: str) -> list[str]:
    return [char for char in text if char.isalpha()]


@given(st.text(alphabet=st.characters(exclude_characters="\\$")))
def test_without_backslash_and_dollar_no_letter_is_lost(text):
    assert _letters(plain(text)) == _letters(text)


PIECES = (*"abX12 \\${}^_%&#~-`'[]()\n", "\\frac", "\\emph{", "\\alpha ", "\\(", "\\)")


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_letters_never_come_out_as_nothing(text):
    told = plain(text)
    assert told or not _letters(text)


@pytest.mark.shared_data
def test_real_titles_and_abstracts_come_out_without_macros(shared_data):
    with gzip.open(next((shared_data / "arxiv").glob("metadata*.jsonl.gz")), "rt", encoding="utf-8") as lines:
        papers = [json.loads(line) for line in itertools.islice(lines, 600)]
    told = [plain(paper[part]) for paper in papers for part in ("title", "abstract")]
    assert all(told)
    left = [text for text in told if re.search(r"\\[A-Za-z]{3,}", text)]
    assert len(left) <= len(told) // 500
