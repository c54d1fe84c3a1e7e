#include "config.h"

#include "profile/language.h"

#include <stdlib.h>

#include "base/text.h"

/* clang-format off */
const char *const language_names[] = {
    "ABAP", "ActionScript", "Ada", "Agda", "AGS Script", "Alloy", "AMPL", "AngelScript", "ANTLR",
    "ApacheConf", "Apex", "API Blueprint", "APL", "AppleScript", "Arc", "AsciiDoc", "ASL",
    "ASP.NET", "AspectJ", "Assembly", "Astro", "Augeas", "AutoHotkey", "AutoIt", "Awk", "Ballerina",
    "Batchfile", "Befunge", "Bicep", "BitBake", "Blade", "BlitzBasic", "BlitzMax", "Boo", "Boogie",
    "Brainfuck", "Brightscript", "C", "C#", "C++", "Cairo", "CartoCSS", "Ceylon", "Chapel",
    "Classic ASP", "CLIPS", "Clojure", "CMake", "COBOL", "CodeQL", "CoffeeScript", "ColdFusion",
    "Common Lisp", "Component Pascal", "Coq", "Crystal", "CSS", "CSV", "Cuda", "CUE", "Cython", "D",
    "Dafny", "Dart", "DataWeave", "Dhall", "DIGITAL Command Language", "DM", "Dockerfile", "Dylan",
    "E", "Earthly", "EditorConfig", "Eiffel", "EJS", "Elixir", "Elm", "Emacs Lisp", "EmberScript",
    "Erlang", "F#", "F*", "Factor", "Fantom", "Fennel", "Fluent", "Forth", "Fortran",
    "Fortran Free Form", "FreeMarker", "Frege", "Futhark", "G-code", "GAML", "GAMS", "GAP", "GDB",
    "GDScript", "Genshi", "Gherkin", "GLSL", "Gnuplot", "Go", "Go Template", "Golo", "Gosu",
    "Gradle", "Grammatical Framework", "GraphQL", "Groovy", "Hack", "Haml", "Handlebars", "HAProxy",
    "Harbour", "Haskell", "Haxe", "HCL", "HiveQL", "HLSL", "HTML", "HTML+ERB", "HTML+PHP",
    "HTML+Razor", "HTTP", "Hy", "IDL", "Idris", "IGOR Pro", "Imba", "Inform 7", "INI", "Inno Setup",
    "Io", "Ioke", "Isabelle", "J", "Janet", "Jasmin", "Java", "JavaScript", "Jinja", "Jolie", "jq",
    "JSON", "Jsonnet", "Julia", "Jupyter Notebook", "KakouneScript", "Kotlin", "LabVIEW", "Lasso",
    "Lean", "Less", "Lex", "LFE", "LilyPond", "Limbo", "Linker Script", "Liquid", "LiveScript",
    "LLVM", "Logos", "Logtalk", "LOLCODE", "LookML", "LSL", "Lua", "Luau", "M", "M4", "Makefile",
    "Mako", "Markdown", "Mathematica", "MATLAB", "Max", "MAXScript", "MDX", "Mercury", "Meson",
    "Metal", "Mirah", "MLIR", "Modelica", "Modula-2", "Modula-3", "Mojo", "Monkey", "MoonScript",
    "Motoko", "Move", "MQL4", "MQL5", "Mustache", "NASL", "Nearley", "Nemerle", "nesC", "NetLogo",
    "NewLisp", "Nextflow", "Nginx", "Nim", "Nit", "Nix", "NSIS", "Nunjucks", "Nushell",
    "Objective-C", "Objective-C++", "Objective-J", "OCaml", "Odin", "Opa", "Open Policy Agent",
    "OpenCL", "OpenEdge ABL", "OpenQASM", "OpenSCAD", "Org", "Oxygene", "Oz", "P4", "Papyrus",
    "Parrot", "Pascal", "Pawn", "Perl", "PHP", "PicoLisp", "Pike", "PLpgSQL", "PLSQL", "Pony",
    "PostScript", "POV-Ray SDL", "PowerBuilder", "PowerShell", "Prisma", "Processing", "Procfile",
    "Prolog", "Promela", "Propeller Spin", "Pug", "Puppet", "PureBasic", "PureScript", "Python",
    "Q#", "QMake", "QML", "R", "Racket", "Ragel", "Raku", "RAML", "Reason", "Rebol", "Red",
    "RenderScript", "ReScript", "reStructuredText", "REXX", "RobotFramework", "Roff", "Rouge",
    "RouterOS Script", "RPC", "Ruby", "Rust", "Sage", "SaltStack", "SAS", "Sass", "Scala", "Scheme",
    "Scilab", "SCSS", "ShaderLab", "Shell", "Shen", "Sieve", "Slim", "Smali", "Smalltalk", "Smarty",
    "SMT", "Solidity", "SourcePawn", "SPARQL", "SQF", "SQL", "SQLPL", "Squirrel", "Stan",
    "Standard ML", "Starlark", "Stata", "Stylus", "SuperCollider", "Svelte", "SVG", "Swift", "SWIG",
    "SystemVerilog", "Tcl", "Terra", "TeX", "Text", "Thrift", "TLA", "TOML", "TSQL", "Turing",
    "Twig", "TypeScript", "Typst", "UnrealScript", "V", "Vala", "VBA", "VBScript", "VCL", "Verilog",
    "VHDL", "Vim Script", "Visual Basic .NET", "Visual Basic 6.0", "Volt", "Vue", "Vyper",
    "WebAssembly", "WGSL", "Whiley", "Wren", "X10", "xBase", "XC", "XML", "Xojo", "XProc", "XQuery",
    "XS", "XSLT", "Xtend", "Yacc", "YAML", "YARA", "Zeek", "ZenScript", "Zephir", "Zig", "Zimpl", NULL,
};
/* clang-format on */

#define LANGUAGE_NAME_COUNT (sizeof language_names / sizeof language_names[0] - 1)

static int compare(const void *name, const void *entry)
{
    return text_compare_ignoring_case(name, *(const char *const *)entry);
}

const char *language_canonical(const char *name)
{
    const char *const *const found =
        bsearch(name, language_names, LANGUAGE_NAME_COUNT, sizeof language_names[0], compare);
    return found == NULL ? NULL : *found;
}
