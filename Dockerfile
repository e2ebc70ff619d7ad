# The app on the Functions image, for those who run it on Kubernetes with the MSSQL back end (infra/kubernetes). Azure needs none
# of this: `azd up` deploys a package.
#
#   docker build --tag durable-orders .

ARG PYTHON=3.12

FROM python:${PYTHON}-slim AS package
ARG PYTHON
ARG BACKEND=MSSQL
WORKDIR /src
RUN pip install --no-cache-dir uv==0.13.9 cyclonedx-bom==7.5.0
COPY . .
# The concurrency of EP1: one vCPU, as the deployment asks for.
RUN python -m scripts.package --plan EP1 --backend ${BACKEND} --python ${PYTHON}

FROM mcr.microsoft.com/azure-functions/python:4-python${PYTHON}
ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    IDENTITY=service_key \
    FUNCTIONS_WORKER_RUNTIME=python \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true
COPY --from=package /src/dist/app /home/site/wwwroot
