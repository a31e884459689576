r"""A profile of Windows Terminal, in a fragment file beside the user's own settings.

Names and values are those of Windows Terminal's documentation (MicrosoftDocs/terminal:
json-fragment-extensions, customize-settings/profile-general, profile-appearance and
profile-advanced).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from envwright.model.capability import Settings
from envwright.model.values import spelled
from envwright.resources.windows.file import WindowsFile

from .values import LinuxPath, WindowsPath, share

if TYPE_CHECKING:
    from envwright.facts import Machine

FOLDER = "Microsoft/Windows Terminal/Fragments/envwright"
"""The folder of our fragments, below %LocalAppData%; the last name is the application's."""

Name = Annotated[
    str,
    spelled(r"^[^\x00-\x1f\x7f]+$", "text on one line"),
]
Colour = Annotated[
    str,
    spelled(r"^#([0-9A-Fa-f]{3}){1,2}$", "a colour like `#1E90FF`, in quotes"),
]
Weight = Literal[
    "thin",
    "extra-light",
    "light",
    "semi-light",
    "normal",
    "medium",
    "semi-bold",
    "bold",
    "extra-bold",
    "black",
    "extra-black",
]
Padding = Annotated[
    str,
    spelled(
        r"^[0-9]{1,3}(, ?[0-9]{1,3}){0,3}$", "one, two or four numbers of pixels: `8, 8, 8, 8`"
    ),
]


class Part(Settings):
    """A part of the fragment; Windows Terminal has a default for a key that is left out."""

    model_config = ConfigDict(alias_generator=to_camel)


class Font(Part):
    """The font of the text."""

    face: Name | None = None
    """The name of the font, such as `Cascadia Code`."""
    size: float | None = Field(default=None, ge=1, le=128)
    """The size of the font in points."""
    weight: Weight | int | None = None
    """The weight of the font: a name, or a number of OpenType."""


class Scheme(Part):
    """A colour scheme: sixteen colours, and some for special purposes."""

    black: Colour
    """Colour 0."""
    red: Colour
    """Colour 1."""
    green: Colour
    """Colour 2."""
    yellow: Colour
    """Colour 3."""
    blue: Colour
    """Colour 4."""
    purple: Colour
    """Colour 5."""
    cyan: Colour
    """Colour 6."""
    white: Colour
    """Colour 7."""
    bright_black: Colour
    """Colour 8."""
    bright_red: Colour
    """Colour 9."""
    bright_green: Colour
    """Colour 10."""
    bright_yellow: Colour
    """Colour 11."""
    bright_blue: Colour
    """Colour 12."""
    bright_purple: Colour
    """Colour 13."""
    bright_cyan: Colour
    """Colour 14."""
    bright_white: Colour
    """Colour 15."""
    foreground: Colour | None = None
    """The colour of text."""
    background: Colour | None = None
    """The colour behind text."""
    cursor_color: Colour | None = None
    """The colour of the cursor."""
    selection_background: Colour | None = None
    """The colour behind selected text."""


class Terminal(Part):
    """A profile of Windows Terminal that opens this distribution.

    Windows Terminal reads the profile when it starts. The user's own settings stay, and win.
    """

    name: Name
    """The name of the profile in the menu."""
    starting_directory: LinuxPath | Literal["~"] = "~"
    """The directory in which the shell starts: a Linux path, or `~` for the home directory."""
    icon: WindowsPath | LinuxPath | None = None
    """The path of a picture, in Windows or in Linux."""
    color_scheme: Name | None = None
    """The name of a colour scheme: one that Windows Terminal has, or one of `schemes`."""
    schemes: dict[Name, Scheme] = {}
    """Additional colour schemes, by name."""
    font: Font | None = None
    """The font."""
    foreground: Colour | None = None
    """The colour of text, instead of the scheme's."""
    background: Colour | None = None
    """The colour behind text, instead of the scheme's."""
    cursor_shape: (
        Literal["bar", "vintage", "underscore", "doubleUnderscore", "filledBox", "emptyBox"] | None
    ) = None
    """The cursor."""
    opacity: int | None = Field(default=None, ge=0, le=100)
    """The opacity of the background, in percent."""
    use_acrylic: bool | None = None
    """Whether the background is blurred acrylic."""
    padding: Padding | None = None
    """The space around the text."""
    scrollbar_state: Literal["visible", "hidden", "always"] | None = None
    """The scroll bar."""
    history_size: int | None = Field(default=None, ge=0, le=32767)
    """How many lines the scroll-back holds."""
    bell_style: Literal["audible", "window", "taskbar", "all", "none"] | None = None
    """The reaction to the character BEL."""
    antialiasing_mode: Literal["grayscale", "cleartype", "aliased"] | None = None
    """The antialiasing of text."""
    close_on_exit: Literal["automatic", "graceful", "always", "never"] | None = None
    """When a tab closes after its shell ended."""
    tab_title: Name | None = None
    """The title of the profile's tabs."""
    tab_color: Colour | None = None
    """The colour of the profile's tabs."""
    suppress_application_title: bool | None = None
    """Whether programs in a tab cannot change its title."""

    def fragment(self, machine: Machine) -> dict[str, Any]:
        """Return the fragment as JSON values."""
        own = self.model_dump(exclude_none=True, exclude={"name", "starting_directory", "schemes"})
        line = f"wsl.exe -d {machine.distribution}"
        place = {"commandline": f"{line} --cd ~"}
        if self.starting_directory != "~":
            folder = share(machine, self.starting_directory)
            place = {"commandline": line, "startingDirectory": folder}
        if self.icon and self.icon.startswith("/"):
            own["icon"] = share(machine, self.icon)
        schemes = [
            {"name": name, **scheme.model_dump(exclude_none=True)}
            for name, scheme in self.schemes.items()
        ]
        return {
            "profiles": [{"name": self.name, **place, **own}],
            **({"schemes": schemes} if schemes else {}),
        }

    def resource(self, machine: Machine) -> WindowsFile:
        """Return the resource of the fragment's file."""
        return WindowsFile(
            folder="LOCALAPPDATA",
            file=f"{FOLDER}/{machine.distribution}.json",
            content=json.dumps(self.fragment(machine), indent=4) + "\n",
            at=("terminal",),
        )
