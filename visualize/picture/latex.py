"""Formulas as LaTeX: the signs that pictures use, in TeX's words."""

import re

SIGNS = {
    "·": r" \cdot ", "−": "-", "×": r" \times ", "∂": r"\partial ", "Σ": r"\sum ", "Π": r"\prod ", "√": r"\sqrt ",
    "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "±": r"\pm ", "→": r"\to ", "⌊": r"\lfloor ",
    "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "′": "'", "½": r"\tfrac{1}{2}", "¼": r"\tfrac{1}{4}",
    "σ": r"\sigma ", "Φ": r"\Phi ", "φ": r"\varphi ", "ψ": r"\psi ", "Γ": r"\Gamma ", "π": r"\pi ", "α": r"\alpha ",
    "β": r"\beta ", "γ": r"\gamma ", "δ": r"\delta ", "ε": r"\varepsilon ", "λ": r"\lambda ", "μ": r"\mu ",
    "ν": r"\nu ", "θ": r"\theta ", "…": r"\dots ",
}  # fmt: skip
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿˣʸᵀ", [*"0123456789+-nxy", r"\top"], strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ᵢⱼₖ", "0123456789ijk", strict=True))
FUNCTIONS = {
    "tanh", "sinh", "cosh", "arcsin", "arccos", "arctan", "sin", "cos", "tan", "exp", "log", "ln", "max", "min",
}  # fmt: skip
SPECIAL = {c: "\\" + c for c in "_%&#${}"} | {"~": r"\sim ", "\\": r"\backslash "}


def to_latex(formula: str) -> str:
    """One formula of a picture. A name of several letters is set upright; ``1.5e−07`` becomes a power of ten."""
    formula = re.sub(r"(\d)e([−-]?\d+)", lambda m: f"{m[1]}·10{_raised(m[2])}", formula)
    formula = re.sub(r"√\(([^()]*)\)", lambda m: f"√⟨{m[1]}⟩", formula)
    pattern = r"[A-Za-z]+\d*|[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿˣʸᵀ]+|[₀-₉ᵢⱼₖ]+|."
    words = [formula] if _is_name(formula) else re.findall(pattern, formula, re.DOTALL)
    return "".join(_word(word) for word in words).strip()


def _is_name(text: str) -> bool:
    """A name such as 0.weight[0, 1], which is no formula."""
    name = re.fullmatch(r"(\d+\.)*[A-Za-z_][\w.]*(\[[\d, ]*\])?", text, re.ASCII)
    return bool(name) and not re.fullmatch(r"[A-Za-z]\d*", text)


def _raised(exponent: str) -> str:
    sign = "⁻" * (exponent[0] in "-−")
    return sign + "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(c)] for c in exponent.lstrip("-−0") or "0")


def _word(word: str) -> str:
    if word[0] in RAISED:
        return "^{" + "".join(RAISED[c] for c in word) + "}"
    if word[0] in LOWERED:
        return "_{" + "".join(LOWERED[c] for c in word) + "}"
    if word in FUNCTIONS:
        return rf"\{word} "
    if match := re.fullmatch(r"([A-Za-z])(\d+)", word):
        return f"{match[1]}_{{{match[2]}}}"
    if len(word) > 1:
        return r"\mathrm{" + "".join(SPECIAL.get(c, c) for c in word) + "}"
    plain = word if word.isascii() else r"\text{" + word + "}"
    return {"⟨": "{", "⟩": "}"}.get(word) or SIGNS.get(word) or SPECIAL.get(word, plain)
