"""The company's vocabulary: projects, repositories, people and the words of its titles."""

from dataclasses import dataclass

COMPANY = "Quillmere"
ORGANISATION = "quillmere"
BASELINE = 731
"""Days before the origin at which the repositories and their first deployments begin."""


@dataclass(frozen=True, slots=True)
class Team:
    """A team with its Jira project; the factors stretch the days that its work and its silence take."""

    key: str
    name: str
    offset: int
    """Minutes east of UTC in which its Jira project writes times."""
    share: int
    building: float
    sensing: float
    repository: int
    classic: bool
    """Its stories name their epic in the old epic link field, not as parent."""
    things: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with the days between its production deploys."""

    name: str
    every: float
    environment: str
    staging: bool


REPOSITORIES = (
    Repository("payments", 3.3, "production", staging=False),
    Repository("search", 2.4, "production", staging=False),
    Repository("onboarding", 3.1, "production", staging=False),
    Repository("logistics", 5.9, "production", staging=False),
    Repository("platform", 4.2, "production", staging=True),
    Repository("app", 8.3, "app-store", staging=False),
    Repository("storefront", 3.7, "production", staging=False),
)
SHARED_REPOSITORY = 6

TEAMS = (
    Team(
        "PAY",
        "Payments",
        120,
        20,
        1.05,
        1.0,
        0,
        classic=False,
        things=("refunds", "invoices", "gift cards", "checkout", "payouts", "instalments", "tax receipts", "wallets"),
    ),
    Team(
        "FIND",
        "Search",
        0,
        18,
        0.8,
        0.8,
        1,
        classic=False,
        things=("search", "filters", "suggestions", "product pages", "reviews", "comparisons", "wish lists", "results"),
    ),
    Team(
        "JOIN",
        "Onboarding",
        60,
        17,
        0.9,
        0.9,
        2,
        classic=False,
        things=(
            "sign-up",
            "welcome tour",
            "seller set-up",
            "first order",
            "identity checks",
            "invitations",
            "profiles",
        ),
    ),
    Team(
        "SHIP",
        "Logistics",
        -300,
        16,
        1.3,
        1.1,
        3,
        classic=True,
        things=("returns", "parcel tracking", "delivery slots", "stock levels", "labels", "pick-up points", "routes"),
    ),
    Team(
        "PLAT",
        "Platform",
        0,
        15,
        1.1,
        3.4,
        4,
        classic=False,
        things=("audit log", "public API", "permissions", "data export", "webhooks", "single sign-on", "status page"),
    ),
    Team(
        "APP",
        "Mobile",
        330,
        14,
        1.15,
        1.2,
        5,
        classic=False,
        things=("push messages", "offline basket", "barcode scan", "home screen", "app log-in", "dark mode", "widgets"),
    ),
)
IDEA_BOX = len(TEAMS)
"""Index of the project in which anybody may drop an idea; it belongs to no team."""
PROJECT_KEYS = (*(team.key for team in TEAMS), "HEAR")
PROJECT_NAMES = (*(team.name for team in TEAMS), "Idea box")
OFFSETS = (*(team.offset for team in TEAMS), 120)
EVOLUTIONS = ("genesis", "custom", "product", "commodity")
PRIORITIES = ("Highest", "High", "Medium", "Low")

_MANNERS = ("One-tap", "Clearer", "Faster", "Self-service", "Shared", "Smarter", "Automatic", "Simpler", "Live", "Bulk")
_AUDIENCES = (
    "",
    " for small shops",
    " for families",
    " for wholesale buyers",
    " for first-time visitors",
    " for market sellers",
    " abroad",
    " at weekends",
    " for support staff",
)
_TASKS = ("Show", "Remember", "Check", "Store", "Send", "Explain", "Measure", "Draw", "Sort", "Translate", "Guard")
_PARTS = ("the total", "the list", "the last choice", "the form", "errors", "the summary", "the button", "the e-mail")
_CHORES = ("Bump dependencies", "Tidy the tests", "Mend a flaky test", "Rename a module", "Speed up the build")
_PRAISE = ("Love the new", "Thank you for the", "So much easier now:", "Well done with the", "My team likes the")
_BLAME = ("Trouble with the", "Confused by the", "Please look at the", "It got slower:", "Not what I hoped for:")
_WISHES = ("Could we have better", "Still waiting for", "When will you change the", "A wish about")
_QUESTIONS = (
    "Where is my parcel?",
    "I forgot my password",
    "Invoice address is wrong",
    "How do I close my account?",
    "Order ORD-20417 arrived twice",
    "The page stays blank",
    "Can I pay by bank transfer?",
    "Strange characters (UTF-8?) in a message",
)
_FIRST = ("Ada", "Bo", "Cleo", "Dov", "Esme", "Finn", "Gwen", "Hal", "Ines", "Jory", "Kaia", "Lev", "Mina", "Nils")
_LAST = ("Abelmoor", "Birkwell", "Corvane", "Dunmarsh", "Elderfen", "Fairholt", "Greywick", "Hollin", "Ivesdale")


def person(word: int) -> str:
    """Name one of 126 invented people."""
    return f"{_FIRST[word % len(_FIRST)]} {_LAST[word // len(_FIRST) % len(_LAST)]}"


def login(word: int) -> str:
    """Give the account name that belongs to `person`."""
    return person(word).lower().replace(" ", "-")


def initiative(team: int, word: int) -> str:
    """Name an initiative of a team."""
    manner = _MANNERS[word % len(_MANNERS)]
    word //= len(_MANNERS)
    return f"{manner} {thing(team, word)}{_AUDIENCES[word // 8 % len(_AUDIENCES)]}"


def thing(team: int, word: int) -> str:
    """Name what a team's work is about."""
    things = TEAMS[team % len(TEAMS)].things
    return things[word % len(things)]


def task(word: int) -> str:
    """Name a piece of work."""
    return f"{_TASKS[word % len(_TASKS)]} {_PARTS[word // 16 % len(_PARTS)]}"


def chore(word: int) -> str:
    """Name work that serves no initiative."""
    return _CHORES[word % len(_CHORES)]


def praise(team: int, word: int) -> str:
    """Title a glad message."""
    return f"{_PRAISE[word % len(_PRAISE)]} {thing(team, word)}"


def blame(team: int, word: int) -> str:
    """Title an unhappy message."""
    return f"{_BLAME[word % len(_BLAME)]} {thing(team, word)}"


def wish(team: int, word: int) -> str:
    """Title a request for something that is not there yet."""
    return f"{_WISHES[word % len(_WISHES)]} {thing(team, word)}"


def question(word: int) -> str:
    """Title an everyday message that is about no initiative."""
    return _QUESTIONS[word % len(_QUESTIONS)]
