"""Accounts that the demo shows by their own names.

The names are those of public repositories; the numbers are plausible, not true. Everything that
a row does not say comes from the generator.
"""

# name, language, stars, forks, fork, archived
MAILCHIMP_GITHUB = [
    ("APIv3-examples", "Python", 84, 32, False, False),
    ("auto-value-gson", "Java", 1, 1, True, False),
    ("ChimpKit2", "Objective-C", 29, 1, False, True),
    ("ChimpKit3", "Objective-C", 52, 27, False, True),
    ("content-style-guide", None, 460, 204, False, False),
    ("country-region-selector", "JavaScript", 3, 0, True, False),
    ("email-blueprints", None, 6763, 2806, False, False),
    ("email-design-reference", "HTML", 412, 118, False, False),
    ("IronBox-PHP", "PHP", 4, 0, False, False),
    ("mailchimp-client-lib-codegen", "HTML", 5, 6, False, False),
    ("mailchimp-marketing-java", "Java", 6, 3, False, False),
    ("mailchimp-marketing-node", "JavaScript", 121, 57, False, False),
    ("mailchimp-marketing-php", "PHP", 120, 77, False, False),
    ("mailchimp-marketing-python", "Python", 99, 45, False, False),
    ("mailchimp-marketing-ruby", "Ruby", 50, 36, False, False),
    ("Mailchimp-SDK-Android", "Kotlin", 24, 18, False, False),
    ("Mailchimp-SDK-iOS", "Swift", 35, 22, False, False),
    ("mailchimp-open-commerce", "JavaScript", 83, 31, False, True),
    ("mailchimp-transactional-node", "JavaScript", 34, 11, False, False),
    ("mailchimp-transactional-php", "PHP", 33, 16, False, False),
    ("mailchimp-transactional-python", "Python", 44, 20, False, False),
    ("mailchimp-transactional-ruby", "Ruby", 12, 10, False, False),
    ("MailChimp.tmbundle", "PHP", 24, 10, False, False),
    ("mandrill-wiki-examples", "Ruby", 9, 4, False, True),
    ("mc-magento", "PHP", 113, 90, False, True),
    ("mc-magento2", "PHP", 203, 174, False, False),
    ("mc-prestashop", "PHP", 17, 12, False, False),
    ("mc-shopify-theme-blocks", "CSS", 3, 2, False, False),
    ("mc-woocommerce", "PHP", 156, 142, False, False),
    ("mc_markdown", "Ruby", 7, 1, False, False),
    ("middleman-with-md-submodule-example", "CSS", 14, 14, False, False),
    ("OAuth2-sample-apps", "PHP", 40, 22, False, True),
    ("open-commerce-docs", "TypeScript", 6, 5, False, False),
    ("pattern-library-fonts", None, 2, 0, False, False),
    ("play", "Ruby", 9, 3, True, False),
    ("postcards", "HTML", 31, 8, False, False),
    ("Specs", "Ruby", 0, 1, True, False),
    ("statistrano", "Ruby", 42, 0, False, False),
    ("webhook-receiver-samples", "Go", 11, 6, False, False),
]

MAILCHIMP_BITBUCKET = [
    ("mandrill-api-php", "PHP", 0, 0, False, False),
    ("mandrill-api-python", "Python", 0, 0, False, False),
    ("mandrill-api-js", "JavaScript", 0, 0, False, False),
    ("mandrill-api-ruby", "Ruby", 0, 0, False, False),
    ("mailchimp-api-node", "JavaScript", 0, 0, False, False),
    ("mailchimp-api-php", "PHP", 0, 0, False, False),
    ("mailchimp-api-python", "Python", 0, 0, False, False),
    ("mailchimp-api-ruby", "Ruby", 0, 0, False, False),
    ("mandrill-api-dart", "Dart", 0, 0, False, False),
    ("mandrill-api-node", "JavaScript", 0, 0, False, False),
]

PYPY_GITHUB = [
    ("pypy", "Python", 1604, 98, False, False),
    ("pypy.org", "HTML", 19, 17, False, False),
    ("benchmarks", "Python", 11, 6, False, False),
    ("binary-testing", "Python", 3, 5, False, False),
    ("buildbot", "Python", 4, 3, False, False),
    ("cffi.github.io", "HTML", 2, 1, False, False),
    ("extradoc", "TeX", 7, 2, False, False),
    ("gdb_pypy", "Python", 5, 1, False, True),
    ("hpy", "C", 4, 2, True, False),
    ("jitviewer", "Python", 12, 3, False, True),
    ("manylinux", "Dockerfile", 3, 4, True, False),
    ("numpy", "C", 21, 9, True, True),
    ("pypy-docker-images", "Dockerfile", 2, 2, False, False),
    ("pyrepl", "Python", 61, 14, False, True),
    ("revdb", "Python", 46, 3, False, True),
    ("speed.pypy.org", "Python", 8, 5, False, False),
    ("stm-gc", "C", 33, 4, False, True),
    ("vmprof-integration", "Python", 1, 0, False, False),
    ("wheels", "Shell", 6, 1, False, False),
]

ACCOUNTS = {
    "mailchimp": {
        "github": {
            "kind": "organization", "rows": MAILCHIMP_GITHUB, "display_name": "Mailchimp",
            "blog": "https://mailchimp.com/developer/", "location": "Atlanta, GA",
            "bio": None, "followers": 742, "created_at": "2010-03-08T19:42:52Z",
        },
        "bitbucket": {
            "kind": "organization", "rows": MAILCHIMP_BITBUCKET, "display_name": "Mailchimp",
            "created_at": "2018-11-29T02:11:51.120817+00:00",
        },
    },
    "pypy": {
        "github": {
            "kind": "organization", "rows": PYPY_GITHUB, "display_name": "PyPy",
            "blog": "https://pypy.org", "location": None, "bio": None, "followers": 311,
            "created_at": "2013-07-02T09:18:54Z",
        },
        "bitbucket": {
            "kind": "organization", "rows": [], "display_name": "PyPy", "state": "deactivated",
        },
    },
    # A workspace that is always there: what the program asks for when it checks its settings.
    "atlassian": {
        "github": {"kind": "organization", "rows": [], "display_name": "Atlassian"},
        "bitbucket": {"kind": "organization", "rows": [], "display_name": "Atlassian"},
    },
}
