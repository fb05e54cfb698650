{{- define "csi-tcmu.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "csi-tcmu.fullname" -}}
{{- default (include "csi-tcmu.name" .) .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "csi-tcmu.selector" -}}
app.kubernetes.io/name: {{ include "csi-tcmu.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "csi-tcmu.labels" -}}
{{ include "csi-tcmu.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.customLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "csi-tcmu.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}

{{- define "csi-tcmu.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "csi-tcmu.healthz" -}}
httpGet:
  path: /healthz
  port: healthz
timeoutSeconds: 5
{{- end -}}

{{- define "csi-tcmu.testHook" -}}
helm.sh/hook: test
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- /* A pod that works on a claim: root, name, claim, script. */ -}}
{{- define "csi-tcmu.testPod" -}}
{{- $root := index . 0 -}}
{{- $full := printf "%s-test" (include "csi-tcmu.fullname" $root) -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ $full }}-{{ index . 1 }}
  labels: {csi-tcmu.io/helm-test: claim}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: {{ index . 1 }}
      image: {{ include "csi-tcmu.image" $root }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      command:
        - /bin/sh
        - -c
        - {{ index . 3 | quote }}
      securityContext:
        {{- include "csi-tcmu.confined" $root | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /data
  volumes:
    - name: data
      persistentVolumeClaim:
        claimName: {{ index . 2 }}
{{- end -}}

{{- /* A container that runs kubectl once: root, name, arguments. */ -}}
{{- define "csi-tcmu.testStep" -}}
{{- $root := index . 0 -}}
{{- $image := $root.Values.helmTest.image -}}
- name: {{ index . 1 }}
  image: {{ $image.repository }}:{{ $image.tag }}
  imagePullPolicy: {{ $image.pullPolicy }}
  command: [kubectl]
  args:
    {{- range index . 2 }}
    - {{ . | quote }}
    {{- end }}
  securityContext:
    {{- include "csi-tcmu.confined" $root | nindent 4 }}
  volumeMounts:
    - name: objects
      mountPath: /objects
      readOnly: true
{{- end -}}
