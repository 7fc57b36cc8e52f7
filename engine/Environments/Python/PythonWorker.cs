using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Kernels;

namespace EDA.Engine.Environments.Python;

/// <summary>
/// A process of the user's python3 (or of what <c>EDA_PYTHON</c> names) that holds environments and steps them: a line of JSON each way.
/// It ends when its input does, so it never outlives this process. Safe for use by several threads, one after the other.
/// </summary>
internal sealed class PythonWorker : IDisposable
{
    private const string Variable = "EDA_PYTHON";
    private const int RememberedLines = 40, StatusOfAnException = 1;

    private readonly Lock _gate = new();
    private readonly Process _process;
    private readonly Queue<string> _errors = new();
    private readonly string _name;

    /// <summary>Starts one.</summary>
    /// <param name="name">The environment, as refusals call it.</param>
    /// <exception cref="MissingLibraryException">There is no Python.</exception>
    public PythonWorker(string name)
    {
        _name = name;
        string python = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given : "python3";
        try
        {
            _process = Process.Start(new ProcessStartInfo(python, ["-c", Script()])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardInputEncoding = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            })!;
        }
        catch (Win32Exception)
        {
            throw new MissingLibraryException($"{name}: '{python}' was not found; install python3, or set {Variable} to the Python that has the environment");
        }

        _process.ErrorDataReceived += (_, line) =>
        {
            if (!string.IsNullOrWhiteSpace(line.Data))
                Remember(line.Data);
        };
        _process.BeginErrorReadLine();
    }

    /// <summary>Asks for something.</summary>
    /// <param name="asked">The line.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="EnvironmentFailedException">The process has ended.</exception>
    public JsonObject Ask(JsonObject asked)
    {
        lock (_gate)
        {
            try
            {
                _process.StandardInput.WriteLine(asked.ToJsonString());
                _process.StandardInput.Flush();
            }
            catch (IOException)
            {
                throw Failure();
            }

            string line = _process.StandardOutput.ReadLine() ?? throw Failure();
            try
            {
                return JsonNode.Parse(line)!.AsObject();
            }
            catch (JsonException)
            {
                // Python writes NaN and Infinity, which JSON has no word for.
                throw new EnvironmentFailedException($"{_name}: its Python process gave a number that is not finite");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }

        _process.Dispose();
    }

    private static string Script()
    {
        using var stream = typeof(PythonWorker).Assembly.GetManifestResourceStream("worker.py") ?? throw new InvalidOperationException("no worker.py in this program");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    // The last line of an exception says what went wrong; those before it say where. Any other end leaves no such line: what was said last
    // may be a warning of long before.
    private EnvironmentFailedException Failure()
    {
        _process.WaitForExit();
        string status = FormattableString.Invariant($"exit status {_process.ExitCode}");
        lock (_errors)
        {
            string reason = _errors.Count == 0 ? status : _process.ExitCode == StatusOfAnException ? _errors.Last() : $"{status}, its last line: {_errors.Last()}";
            return new EnvironmentFailedException($"{_name}: its Python process ended: {reason}");
        }
    }

    private void Remember(string line)
    {
        lock (_errors)
        {
            _errors.Enqueue(line.Trim());
            if (_errors.Count > RememberedLines)
                _errors.Dequeue();
        }
    }
}
