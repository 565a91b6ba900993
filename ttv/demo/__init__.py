"""An invented company whose tools answer as Jira Cloud, GitHub and Zendesk do, over real HTTP.

`company.Company` is the company: a pure function of its seed, its origin and its size. `serve.start` puts its three
tools on loopback ports. Nothing here knows ttv, and what ttv should find in these tools is said by `Company.truth`.
"""
