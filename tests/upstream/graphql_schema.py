"""The part of GitHub's GraphQL schema that is played here.

Names, types, nullability and defaults are those of the published schema; what is left out here
does not exist for a query. The types are looked up in TYPES by name.
"""

import graphql_language as language

SCALARS = ("Int", "Float", "String", "Boolean", "ID", "DateTime", "URI", "GitObjectID")

_PAGING = "after: String, before: String, first: Int, last: Int"
_REPOSITORIES = """repositories(
    privacy: RepositoryPrivacy, visibility: RepositoryVisibility, orderBy: RepositoryOrder,
    affiliations: [RepositoryAffiliation],
    ownerAffiliations: [RepositoryAffiliation] = [OWNER, COLLABORATOR], isLocked: Boolean,
    hasIssuesEnabled: Boolean, after: String, before: String, first: Int, last: Int,
    isArchived: Boolean, isFork: Boolean): RepositoryConnection!
  repository(name: String!, followRenames: Boolean = true): Repository"""
_OWNER = """avatarUrl(size: Int): URI!
  id: ID!
  login: String!
  resourcePath: URI!
  url: URI!
  """ + _REPOSITORIES

TEXT = """
type Query {
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  organization(login: String!): Organization
  rateLimit(dryRun: Boolean = false): RateLimit
  repository(owner: String!, name: String!, followRenames: Boolean = true): Repository
  repositoryOwner(login: String!): RepositoryOwner
  user(login: String!): User
  viewer: User!
}

interface Node { id: ID! }

interface RepositoryOwner {
  @OWNER@
}

type User implements Node & RepositoryOwner {
  @OWNER@
  bio: String
  company: String
  createdAt: DateTime!
  databaseId: Int
  followers(@PAGING@): FollowerConnection!
  following(@PAGING@): FollowingConnection!
  location: String
  name: String
  starredRepositories(@PAGING@, ownedByViewer: Boolean): StarredRepositoryConnection!
  updatedAt: DateTime!
  websiteUrl: URI
}

type Organization implements Node & RepositoryOwner {
  @OWNER@
  createdAt: DateTime!
  databaseId: Int
  description: String
  isVerified: Boolean!
  location: String
  name: String
  updatedAt: DateTime!
  websiteUrl: URI
}

type Repository implements Node {
  createdAt: DateTime!
  databaseId: Int
  defaultBranchRef: Ref
  description: String
  diskUsage: Int
  forkCount: Int!
  hasIssuesEnabled: Boolean!
  id: ID!
  isArchived: Boolean!
  isDisabled: Boolean!
  isEmpty: Boolean!
  isFork: Boolean!
  isLocked: Boolean!
  isMirror: Boolean!
  isPrivate: Boolean!
  isTemplate: Boolean!
  issues(states: [IssueState!], @PAGING@): IssueConnection!
  languages(@PAGING@, orderBy: LanguageOrder): LanguageConnection
  name: String!
  nameWithOwner: String!
  owner: RepositoryOwner!
  primaryLanguage: Language
  pullRequests(states: [PullRequestState!], @PAGING@): PullRequestConnection!
  pushedAt: DateTime
  repositoryTopics(@PAGING@): RepositoryTopicConnection!
  resourcePath: URI!
  stargazerCount: Int!
  stargazers(@PAGING@): StargazerConnection!
  updatedAt: DateTime!
  url: URI!
  visibility: RepositoryVisibility!
  watchers(@PAGING@): UserConnection!
}

type RepositoryConnection {
  edges: [RepositoryEdge]
  nodes: [Repository]
  pageInfo: PageInfo!
  totalCount: Int!
  totalDiskUsage: Int!
}

type RepositoryEdge {
  cursor: String!
  node: Repository
}

type PageInfo {
  endCursor: String
  hasNextPage: Boolean!
  hasPreviousPage: Boolean!
  startCursor: String
}

type LanguageConnection {
  edges: [LanguageEdge]
  nodes: [Language]
  pageInfo: PageInfo!
  totalCount: Int!
  totalSize: Int!
}

type LanguageEdge {
  cursor: String!
  node: Language!
  size: Int!
}

type Language implements Node {
  color: String
  id: ID!
  name: String!
}

type RepositoryTopicConnection {
  edges: [RepositoryTopicEdge]
  nodes: [RepositoryTopic]
  pageInfo: PageInfo!
  totalCount: Int!
}

type RepositoryTopicEdge {
  cursor: String!
  node: RepositoryTopic
}

type RepositoryTopic implements Node {
  id: ID!
  resourcePath: URI!
  topic: Topic!
  url: URI!
}

type Topic implements Node {
  id: ID!
  name: String!
}

type FollowerConnection { totalCount: Int! }
type FollowingConnection { totalCount: Int! }
type UserConnection { totalCount: Int! }
type IssueConnection { totalCount: Int! }
type PullRequestConnection { totalCount: Int! }
type StargazerConnection { totalCount: Int! }
type CommitHistoryConnection { totalCount: Int! }
type StarredRepositoryConnection {
  isOverLimit: Boolean!
  totalCount: Int!
}

type Ref implements Node {
  id: ID!
  name: String!
  prefix: String!
  target: GitObject
}

interface GitObject {
  abbreviatedOid: String!
  id: ID!
  oid: GitObjectID!
}

type Commit implements GitObject & Node {
  abbreviatedOid: String!
  history(@PAGING@): CommitHistoryConnection!
  id: ID!
  message: String!
  oid: GitObjectID!
}

type RateLimit {
  cost: Int!
  limit: Int!
  nodeCount: Int!
  remaining: Int!
  resetAt: DateTime!
  used: Int!
}

input RepositoryOrder {
  field: RepositoryOrderField!
  direction: OrderDirection!
}

input LanguageOrder {
  field: LanguageOrderField!
  direction: OrderDirection!
}

enum RepositoryOrderField { CREATED_AT UPDATED_AT PUSHED_AT NAME STARGAZERS }
enum LanguageOrderField { SIZE }
enum OrderDirection { ASC DESC }
enum RepositoryPrivacy { PUBLIC PRIVATE }
enum RepositoryVisibility { PRIVATE PUBLIC INTERNAL }
enum RepositoryAffiliation { OWNER COLLABORATOR ORGANIZATION_MEMBER }
enum IssueState { OPEN CLOSED }
enum PullRequestState { OPEN CLOSED MERGED }
""".replace("@OWNER@", _OWNER).replace("@PAGING@", _PAGING)


class Type:
    """A named type. `fields` by name for objects, interfaces and inputs; `values` of an enum;
    `possible` are the names of the object types that a value of it may have."""

    def __init__(self, node):
        self.kind = node.kind
        self.name = node.name
        self.interfaces = node.interfaces
        self.fields = {one.name: one for one in node.members} if node.kind not in (
            "enum", "scalar") else {}
        self.values = set(node.members) if node.kind == "enum" else set()
        self.possible = {node.name}

    @property
    def composite(self):
        return self.kind in ("type", "interface")

    @property
    def input(self):
        return self.kind in ("scalar", "enum", "input")

    @property
    def connection(self):
        """By name, as the published schema has it."""
        return self.kind == "type" and self.name.endswith("Connection")

    def field(self, name):
        """The definition of a field, or None."""
        return TYPENAME if name == "__typename" and self.composite else self.fields.get(name)


def _load():
    found = {node.name: Type(node) for node in language.parse_schema(TEXT)}
    for name in SCALARS:
        found[name] = Type(language.Node("scalar", None, name=name, interfaces=[], members=[]))
    for one in found.values():
        if one.kind == "interface":
            one.possible = {other.name for other in found.values() if one.name in other.interfaces}
    return found


TYPENAME = language.Node("definition", None, name="__typename", arguments={}, has_default=False,
                         default=None, type=language.Wrapped("String", None, True))
TYPES = _load()
_CONDITION = {"if": language.Node("definition", None, name="if", arguments={}, default=None,
                                  has_default=False, type=language.Wrapped("Boolean", None, True))}
DIRECTIVES = {"include": _CONDITION, "skip": _CONDITION}
