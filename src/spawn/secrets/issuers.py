"""Tokens by the forms that their issuers document: a table, a row a form.

Lengths are lower bounds of what has been issued. A row's hints are texts one of which each match
holds. Every repetition is bounded or possessive, and begins where no other could have begun just
before it, so that time grows with the text.
"""

from __future__ import annotations

from spawn.secrets import checksums
from spawn.secrets.finding import Certainty
from spawn.secrets.shape import Shape, issued

_STRIPE_TEST_KEY = Shape(
    kind="Stripe test key",
    name="STRIPE_KEY",
    hints=("k_test_",),
    form=(r"(?<![A-Za-z0-9_])(?P<value>[rs]k_test_[A-Za-z0-9]{16,255}+)"),
    certainty=Certainty.LIKELY,
)
# Words of a person's, or of the issuer's, in the place of what is random.
_WORD = r"[A-Za-z0-9_-]"

_CODE = (
    issued(
        "GitHub token",
        "GITHUB_TOKEN",
        r"gh[pousr]_[A-Za-z0-9]{36}+",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        check=checksums.has_crc_tail,
    ),
    issued(
        "GitHub token", "GITHUB_TOKEN", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", "github_pat_"
    ),
    issued(
        "GitLab token",
        "GITLAB_TOKEN",
        r"gl(?:pat|dt|rt|rtr|cbt|ft|imt|soat|agent|oas|ffct|wt)-[\w-]{20,300}+[\w.]{0,20}+",
        "glpat-",
        "gldt-",
        "glrt-",
        "glrtr-",
        "glcbt-",
        "glft-",
        "glimt-",
        "glsoat-",
        "glagent-",
        "gloas-",
        "glffct-",
        "glwt-",
    ),
    issued("GitLab trigger token", "GITLAB_TRIGGER_TOKEN", r"glptt-[0-9a-f]{40}", "glptt-"),
    issued("npm token", "NPM_TOKEN", r"npm_[A-Za-z0-9]{36}+", "npm_", check=checksums.has_crc_tail),
    issued(
        "PyPI token",
        "PYPI_TOKEN",
        rf"pypi-AgE{_WORD}{{50,1000}}+",
        "pypi-AgE",
        check=checksums.is_pypi_macaroon,
    ),
    issued("RubyGems key", "GEM_HOST_API_KEY", r"rubygems_[0-9a-f]{48}", "rubygems_"),
    issued("crates.io token", "CARGO_REGISTRY_TOKEN", r"cio[A-Za-z0-9]{32}", "cio"),
    issued("NuGet key", "NUGET_API_KEY", r"oy2[a-z0-9]{43}", "oy2"),
    issued("Clojars token", "CLOJARS_TOKEN", r"CLOJARS_[0-9a-f]{60}", "CLOJARS_"),
    issued(
        "Docker Hub token",
        "DOCKER_TOKEN",
        rf"dckr_(?:pat|oat)_{_WORD}{{27,64}}+",
        "dckr_pat_",
        "dckr_oat_",
    ),
    issued("Artifactory key", "ARTIFACTORY_API_KEY", r"AKCp[A-Za-z0-9]{69}", "AKCp"),
    issued("SonarQube token", "SONAR_TOKEN", r"sq[apu]_[0-9a-f]{40}", "sqp_", "squ_", "sqa_"),
    issued("Buildkite token", "BUILDKITE_TOKEN", r"bkua_[0-9a-f]{40}", "bkua_"),
    issued("CircleCI token", "CIRCLE_TOKEN", r"CCIPAT_[A-Za-z0-9]{22}_[0-9a-f]{40}", "CCIPAT_"),
    issued("Sentry token", "SENTRY_AUTH_TOKEN", r"sntryu_[0-9a-f]{64}", "sntryu_"),
    issued("Sentry token", "SENTRY_AUTH_TOKEN", r"sntrys_[A-Za-z0-9+/=_-]{80,500}+", "sntrys_"),
    issued("Postman key", "POSTMAN_API_KEY", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}", "PMAK-"),
    issued(
        "Atlassian token",
        "ATLASSIAN_TOKEN",
        r"AT[AC]TT3[\w-]{50,400}+=[0-9A-F]{8}",
        "ATATT3",
        "ATCTT3",
    ),
    issued(
        "Linear key",
        "LINEAR_API_KEY",
        r"lin_(?:api|oauth)_[A-Za-z0-9]{40,64}+",
        "lin_api_",
        "lin_oauth_",
    ),
    issued("Figma token", "FIGMA_TOKEN", rf"figd_{_WORD}{{40,60}}+", "figd_"),
    issued("Notion token", "NOTION_TOKEN", r"ntn_[0-9]{11}[A-Za-z0-9]{35}", "ntn_"),
    issued("Airtable token", "AIRTABLE_TOKEN", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}", "pat"),
    issued("Contentful token", "CONTENTFUL_TOKEN", rf"CFPAT-{_WORD}{{43}}", "CFPAT-"),
)
_MODELS = (
    issued("Anthropic key", "ANTHROPIC_API_KEY", rf"sk-ant-{_WORD}{{20,200}}+", "sk-ant-"),
    issued("OpenRouter key", "OPENROUTER_API_KEY", r"sk-or-v1-[0-9a-f]{64}", "sk-or-v1-"),
    # OpenAI's old keys hold `T3BlbkFJ` ("OpenAI" in base64); others write `sk-` and digits.
    issued(
        "API key",
        "API_KEY",
        rf"sk-(?!ssh-|ecdsa-)(?=[A-Za-z_-]{{0,60}}\d){_WORD}{{16,255}}+",
        "sk-",
    ),
    issued("Hugging Face token", "HF_TOKEN", r"hf_[A-Za-z0-9]{30,255}+", "hf_"),
    issued("Hugging Face token", "HF_TOKEN", r"api_org_[A-Za-z]{34}", "api_org_"),
    issued("Groq key", "GROQ_API_KEY", r"gsk_[A-Za-z0-9]{52}", "gsk_"),
    issued("xAI key", "XAI_API_KEY", r"xai-[A-Za-z0-9]{80}", "xai-"),
    issued("Perplexity key", "PERPLEXITY_API_KEY", r"pplx-[A-Za-z0-9]{48}", "pplx-"),
    issued("Replicate token", "REPLICATE_API_TOKEN", r"r8_[A-Za-z0-9]{37}", "r8_"),
)
_CLOUDS = (
    # IAM user guide, "IAM identifiers": AKIA is a long-term access key, ASIA a temporary one;
    # the rest is base32, in which the account is encoded.
    issued("AWS access key", "AWS_ACCESS_KEY_ID", r"A(?:KIA|SIA)[A-Z2-7]{16}", "AKIA", "ASIA"),
    Shape(
        kind="AWS secret access key",
        name="AWS_SECRET_ACCESS_KEY",
        hints=("ecret", "SECRET"),
        form=(
            r"(?i:secret_?access_?key)[\"']?(?:\s{0,9}+[=:]|\s)\s{0,9}+[\"']?"
            r"(?P<value>[A-Za-z0-9/+]{40}+)(?![A-Za-z0-9/+])"
        ),
    ),
    issued("Google API key", "GOOGLE_API_KEY", rf"AIza{_WORD}{{35}}+", "AIza"),
    issued("Google client secret", "GOOGLE_CLIENT_SECRET", rf"GOCSPX-{_WORD}{{28}}+", "GOCSPX-"),
    issued("Google access token", "GOOGLE_ACCESS_TOKEN", rf"ya29\.{_WORD}{{40,1000}}+", "ya29."),
    issued("Google refresh token", "GOOGLE_REFRESH_TOKEN", rf"1//0{_WORD}{{40,200}}+", "1//0"),
    issued(
        "Azure client secret",
        "AZURE_CLIENT_SECRET",
        r"[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}+",
        "Q~",
    ),
    Shape(
        kind="Azure account key",
        name="AZURE_STORAGE_KEY",
        hints=("AccountKey=", "SharedAccessKey="),
        form=(r"(?:AccountKey|SharedAccessKey)=(?P<value>[A-Za-z0-9+/]{43,88}+={1,2})"),
    ),
    Shape(
        kind="Azure shared access signature",
        name="AZURE_SAS",
        hints=("sig=",),
        form=(r"(?<=[?&])sig=(?P<value>(?:[A-Za-z0-9+/]|%2[BbFf]){40,60}+(?:=|%3[Dd]))"),
    ),
    issued(
        "Azure DevOps token", "AZURE_DEVOPS_TOKEN", r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}", "AZDO"
    ),
    issued(
        "DigitalOcean token",
        "DIGITALOCEAN_TOKEN",
        r"do[opr]_v1_[0-9a-f]{64}",
        "dop_v1_",
        "doo_v1_",
        "dor_v1_",
    ),
    issued("Heroku key", "HEROKU_API_KEY", rf"HRKU-AA{_WORD}{{50,64}}+", "HRKU-AA"),
    issued("Databricks token", "DATABRICKS_TOKEN", r"dapi[0-9a-f]{32}(?:-[0-9])?", "dapi"),
    issued("Vault token", "VAULT_TOKEN", rf"hv[bsr]\.{_WORD}{{24,300}}+", "hvs.", "hvb.", "hvr."),
    issued(
        "Terraform token",
        "TF_TOKEN",
        rf"[A-Za-z0-9]{{14}}\.atlasv1\.{_WORD}{{60,70}}+",
        ".atlasv1.",
    ),
    issued("Pulumi token", "PULUMI_ACCESS_TOKEN", r"pul-[0-9a-f]{40}", "pul-"),
    issued(
        "Doppler token", "DOPPLER_TOKEN", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,80}+", "dp."
    ),
    issued(
        "PlanetScale token",
        "PLANETSCALE_TOKEN",
        r"pscale_(?:tkn|pw|oauth)_[\w.-]{32,64}+",
        "pscale_",
    ),
    issued("Supabase token", "SUPABASE_ACCESS_TOKEN", r"sbp_[0-9a-f]{40}", "sbp_"),
    issued("Netlify token", "NETLIFY_AUTH_TOKEN", r"nfp_[A-Za-z0-9]{36}", "nfp_"),
    issued(
        "Tailscale key",
        "TS_AUTHKEY",
        r"tskey-(?:auth|api|client|scim|webhook)-[A-Za-z0-9]{8,32}-[A-Za-z0-9]{16,64}+",
        "tskey-",
    ),
    issued(
        "age secret key",
        "AGE_KEY",
        r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
        "AGE-SECRET-KEY-1",
        check=checksums.is_age_key,
    ),
    issued(
        "1Password token", "OP_SERVICE_ACCOUNT_TOKEN", rf"ops_eyJ{_WORD}{{200,1500}}+", "ops_eyJ"
    ),
)
_SERVICES = (
    issued(
        "Slack token",
        "SLACK_TOKEN",
        r"xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,300}+",
        *(f"xox{kind}-" for kind in "abeoprs"),
        "xoxe.",
    ),
    issued("Slack app token", "SLACK_APP_TOKEN", r"xapp-[0-9]-[A-Za-z0-9-]{20,200}+", "xapp-"),
    Shape(
        kind="Slack webhook",
        name="SLACK_WEBHOOK",
        hints=("hooks.slack.com/",),
        form=(
            r"hooks\.slack\.com/(?:services|workflows|triggers)/\w{6,14}/\w{6,20}/"
            r"(?P<value>\w{16,64}+)"
        ),
    ),
    Shape(
        kind="Discord webhook",
        name="DISCORD_WEBHOOK",
        hints=("/api/webhooks/",),
        form=(r"discord(?:app)?\.com/api/webhooks/[0-9]{16,20}/(?P<value>[\w-]{60,80}+)"),
    ),
    # The user's id in base64 (digits give M, N or O), a time, a signature.
    issued(
        "Discord token",
        "DISCORD_TOKEN",
        r"(?:M|N|O)[A-Za-z0-9]{23,27}+\.[\w-]{6}\.[\w-]{27,45}+",
        "M",
        "N",
        "O",
    ),
    issued("Telegram token", "TELEGRAM_TOKEN", rf"[0-9]{{8,10}}:AA{_WORD}{{33}}+", ":AA"),
    issued("Stripe key", "STRIPE_KEY", r"[rs]k_live_[A-Za-z0-9]{16,255}+", "k_live_"),
    _STRIPE_TEST_KEY,
    issued(
        "Stripe webhook secret", "STRIPE_WEBHOOK_SECRET", r"whsec_[A-Za-z0-9+/=]{32,64}+", "whsec_"
    ),
    issued("Square token", "SQUARE_TOKEN", rf"EAAA{_WORD}{{60}}", "EAAA"),
    issued(
        "Square token",
        "SQUARE_TOKEN",
        rf"sq0(?:atp|csp|idp)-{_WORD}{{22,43}}+",
        "sq0atp-",
        "sq0csp-",
        "sq0idp-",
    ),
    issued(
        "Shopify token",
        "SHOPIFY_TOKEN",
        r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
        "shpat_",
        "shpca_",
        "shppa_",
        "shpss_",
    ),
    issued("SendGrid key", "SENDGRID_API_KEY", rf"SG\.{_WORD}{{22}}\.{_WORD}{{43}}+", "SG."),
    issued("Mailgun key", "MAILGUN_API_KEY", r"key-[0-9a-f]{32}", "key-"),
    issued(
        "Mailchimp key",
        "MAILCHIMP_API_KEY",
        r"[0-9a-f]{32}-us[0-9]{1,2}",
        "-us1",
        "-us2",
        "-us3",
        "-us4",
        "-us5",
    ),
    issued("Brevo key", "BREVO_API_KEY", r"xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}", "xkeysib-"),
    issued("Resend key", "RESEND_API_KEY", r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}", "re_"),
    issued(
        "New Relic key",
        "NEW_RELIC_API_KEY",
        r"NR(?:AK|II|IQ|JS|RA)-[A-Za-z0-9_-]{19,40}+",
        "NRAK-",
        "NRII-",
        "NRIQ-",
        "NRJS-",
        "NRRA-",
    ),
    issued("New Relic license", "NEW_RELIC_LICENSE_KEY", r"[0-9a-f]{36}FFFFNRAL", "FFFFNRAL"),
    issued("Grafana token", "GRAFANA_TOKEN", r"glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}", "glsa_"),
    issued("Grafana Cloud token", "GRAFANA_TOKEN", r"glc_[A-Za-z0-9+/=]{32,400}+", "glc_"),
    # RFC 7519: header and claims are JSON objects in base64url, which begin with `eyJ`.
    issued(
        "JSON web token",
        "TOKEN",
        r"eyJ[\w-]{10,2000}+\.eyJ[\w-]{4,4000}+\.[\w-]{10,1000}+",
        "eyJ",
        check=checksums.is_json_web_token,
    ),
)
ISSUED: tuple[Shape, ...] = (*_CODE, *_MODELS, *_CLOUDS, *_SERVICES)
