package place

// builtin has what publishers state of themselves and what changes seldom. The
// operator's files add to it.
//
// Source: www.cloudflare.com/ips, api.fastly.com/public-ip-list, GitHub's page
// about custom domains for Pages; the suffixes are those that the services
// document for their customers' names.
const builtin = `
173.245.48.0/20 cdn cloudflare
103.21.244.0/22 cdn cloudflare
103.22.200.0/22 cdn cloudflare
103.31.4.0/22 cdn cloudflare
141.101.64.0/18 cdn cloudflare
108.162.192.0/18 cdn cloudflare
190.93.240.0/20 cdn cloudflare
188.114.96.0/20 cdn cloudflare
197.234.240.0/22 cdn cloudflare
198.41.128.0/17 cdn cloudflare
162.158.0.0/15 cdn cloudflare
104.16.0.0/13 cdn cloudflare
104.24.0.0/14 cdn cloudflare
172.64.0.0/13 cdn cloudflare
131.0.72.0/22 cdn cloudflare
2400:cb00::/32 cdn cloudflare
2606:4700::/32 cdn cloudflare
2803:f800::/32 cdn cloudflare
2405:b500::/32 cdn cloudflare
2405:8100::/32 cdn cloudflare
2a06:98c0::/29 cdn cloudflare
2c0f:f248::/32 cdn cloudflare
23.235.32.0/20 cdn fastly
146.75.0.0/17 cdn fastly
151.101.0.0/16 cdn fastly
199.232.0.0/16 cdn fastly
2a04:4e40::/32 cdn fastly
2a04:4e42::/32 cdn fastly
185.199.108.0/22 hosting github-pages
*.cloudfront.net cdn aws
*.elb.amazonaws.com cloud aws
*.s3.amazonaws.com cloud aws
*.elasticbeanstalk.com cloud aws
*.amazonaws.com cloud aws
*.azureedge.net cdn azure
*.azurefd.net cdn azure
*.azurewebsites.net cloud azure
*.cloudapp.azure.com cloud azure
*.cloudapp.net cloud azure
*.trafficmanager.net cloud azure
*.blob.core.windows.net cloud azure
*.fastly.net cdn fastly
*.akamaiedge.net cdn akamai
*.akamai.net cdn akamai
*.edgekey.net cdn akamai
*.edgesuite.net cdn akamai
*.akamaitechnologies.com cdn akamai
*.cdn.cloudflare.net cdn cloudflare
*.pages.dev hosting cloudflare
*.workers.dev hosting cloudflare
*.github.io hosting github-pages
*.gitlab.io hosting gitlab-pages
*.bitbucket.io hosting bitbucket
*.netlify.app hosting netlify
*.vercel.app hosting vercel
*.herokuapp.com hosting heroku
*.herokudns.com hosting heroku
*.ghost.io saas ghost
*.myshopify.com saas shopify
*.zendesk.com saas zendesk
*.readthedocs.io hosting readthedocs
*.surge.sh hosting surge
*.wordpress.com saas wordpress
*.ghs.googlehosted.com saas google
*.run.app cloud google
*.web.app hosting firebase
*.firebaseapp.com hosting firebase
`
