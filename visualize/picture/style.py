"""The style of all pictures: colours that colour-blind readers can tell apart (after Okabe and Ito, 2008)."""

FONT = "Helvetica,Arial,sans-serif"
INK, FAINT = "#1f2933", "#7b8794"
# kind -> (fill, border)
FILL = {
    "parameter": ("#fdebd3", "#d55e00"),
    "input": ("#e3f1fb", "#0072b2"),
    "constant": ("#ffffff", "#7b8794"),
    "failed": ("#fbdcdc", "#c1121f"),
    "stub": ("#ffffff", "#7b8794"),
    "op": ("#f5f7fa", "#52606d"),
    "output": ("#dff5ec", "#009e73"),
    "module": ("#f5f7fa", "#52606d"),
}
CLUSTER_FILL, CLUSTER_BORDER = "#fbfcfd", "#cbd2d9"
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
MARKED = "#d55e00"
KEPT = "#cc79a7"  # memory
# For a gradient's size, small to large (one hue, so that the order is visible without colour vision).
SIZES = ("#f2f0f7", "#dadaeb", "#bcbddc", "#9e9ac8", "#756bb1")

DARK_INK, DARK_FAINT, DARK_PAGE = "#e4e7eb", "#9aa5b1", "#12181f"
DARK_FILL = {
    "parameter": ("#4a2c0e", "#e69f00"),
    "input": ("#0d2f47", "#56b4e9"),
    "constant": ("#12181f", "#9aa5b1"),
    "failed": ("#5c1116", "#ff6b6b"),
    "stub": ("#12181f", "#9aa5b1"),
    "op": ("#1f2933", "#9aa5b1"),
    "output": ("#0b3b2e", "#29c795"),
    "module": ("#1f2933", "#9aa5b1"),
}
DARK_CLUSTER_FILL, DARK_CLUSTER_BORDER = "#171f28", "#3e4c59"
DARK_SIZES = ("#2a2738", "#3a3453", "#4f4678", "#665a9c", "#8273c0")
