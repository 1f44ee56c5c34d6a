--- security.actor
-- of a service with `lifecycle: { security: { actor: { id: "service:mailer", meta: { role: mailer } }, policies: [app:mails] } }`
local actor = security.actor()
print(actor)
--> service:mailer

--- Actor:id
print(security.actor():id())
--> service:mailer

--- Actor:meta
print(security.actor():meta().role)
--> mailer

--- security.scope
print(security.scope() ~= nil)
--> true

--- Scope:policies
for _, policy in ipairs(security.scope():policies()) do
  print(policy)
end
--> app:mails

--- Policy:id
print(security.scope():policies()[1]:id())
--> app:mails

--- Scope:groups
print(#security.scope():groups())
--> 0

--- Scope:contains
print(security.scope():contains("app:mails"), security.scope():contains("app:files"))
--> true	false

--- security.can
local allowed, err = security.can("read", "user:1")
print(allowed, err:kind(), err:message())
--> false	Unavailable	policies are not evaluated in this version, so none allows anything
