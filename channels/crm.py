"""Records at CRMs: one upsert an action, by the account that the message names, safe to be repeated."""

from collections.abc import Mapping
from pathlib import Path

from channels.accounts import read_account, refuse
from channels.channel import Outgoing, Permanent, Sent
from channels.http import Http
from channels.hubspot import Hubspot
from channels.salesforce import Salesforce
from channels.several import apart
from channels.upsert import upsert_of

VARIABLE = "SILLAGE_CRM"
Account = Hubspot | Salesforce
_EXAMPLE = '{"sales": {"kind": "hubspot", "token": "pat-..."}}'


class CrmChannel:
    """The CRM channel. The recipient is the name of an account; the same upsert twice leaves the record as once."""

    name = "crm"
    at_most_once = False

    def __init__(self, accounts: Mapping[str, Account], *, connections: int) -> None:
        self._crms = {name: account.opened() for name, account in accounts.items()}
        self._providers = apart({name: name for name in accounts})
        self._https = {provider: Http(connections) for provider in self._providers.values()}

    def provider_of(self, recipient: str) -> str:
        """The account: its limits are its own, whatever others are at the same CRM."""
        return self._providers.get(recipient, "")

    async def send(self, outgoing: Outgoing) -> Sent:
        """Makes one record as the message says. No answer may be asked again: nothing is added twice."""
        crm = self._crms.get(outgoing.recipient)
        if crm is None:
            raise Permanent("crm_unknown_account")
        return await crm.upsert(self._https[self._providers[outgoing.recipient]], upsert_of(outgoing))

    async def close(self) -> None:
        for http in self._https.values():
            await http.close()


def crm_channel(path: Path, connections: int = 16) -> CrmChannel:
    """The channel of the accounts that the file holds, by name. Raises AccountError, without any secret."""
    accounts = read_account(path, VARIABLE, dict[str, Account], _EXAMPLE)
    refuse(path, VARIABLE, "" if accounts else f"holds no account; expected JSON such as {_EXAMPLE}")
    for name, account in accounts.items():
        refuse(path, VARIABLE, account.fault and f"account {name}: {account.fault}")
    return CrmChannel(accounts, connections=connections)
