using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EDA.Engine.Environments.Mujoco;

/// <summary>
/// The MuJoCo physics library (mujoco.org), by its C functions: Debian's libmujoco2.2.2, or a release with the state
/// functions mj_getState and mj_setState, which are all from 2.3.7 on. Loaded once, at first use, and only after it
/// passed <see cref="MujocoSelfCheck"/>.
/// </summary>
public sealed unsafe class MujocoLibrary
{
    /// <summary>The environment variable that names the library file to use.</summary>
    public const string PathVariable = "EDA_MUJOCO";

    private const string Remedy = "install Debian's package libmujoco2.2.2, or set " + PathVariable + " to the file of a MuJoCo 3 library";
    private const int ErrorLength = 1024;

    private static readonly Lazy<(MujocoLibrary? Library, string? Refusal)> Loaded = new(Find);
    private static int s_warnings;

    private readonly delegate* unmanaged[Cdecl]<byte*, void*, byte*, int, nint> _loadXml;
    private readonly delegate* unmanaged[Cdecl]<nint, void> _deleteModel;
    private readonly delegate* unmanaged[Cdecl]<nint, nint> _makeData;
    private readonly delegate* unmanaged[Cdecl]<nint, void> _deleteData;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, void> _resetData;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, int, void> _resetDataKeyframe;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, void> _forward;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, void> _step;

    private MujocoLibrary(string path, nint handle)
    {
        Path = path;
        Version = ((delegate* unmanaged[Cdecl]<int>)NativeLibrary.GetExport(handle, "mj_version"))();
        _loadXml = (delegate* unmanaged[Cdecl]<byte*, void*, byte*, int, nint>)NativeLibrary.GetExport(handle, "mj_loadXML");
        _deleteModel = (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(handle, "mj_deleteModel");
        _makeData = (delegate* unmanaged[Cdecl]<nint, nint>)NativeLibrary.GetExport(handle, "mj_makeData");
        _deleteData = (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(handle, "mj_deleteData");
        _resetData = (delegate* unmanaged[Cdecl]<nint, nint, void>)NativeLibrary.GetExport(handle, "mj_resetData");
        _resetDataKeyframe = (delegate* unmanaged[Cdecl]<nint, nint, int, void>)NativeLibrary.GetExport(handle, "mj_resetDataKeyframe");
        _forward = (delegate* unmanaged[Cdecl]<nint, nint, void>)NativeLibrary.GetExport(handle, "mj_forward");
        _step = (delegate* unmanaged[Cdecl]<nint, nint, void>)NativeLibrary.GetExport(handle, "mj_step");
        State = StateFunctions.TryCreate(handle) is { } functions ? functions
            : Version == HeaderLayout.Version ? new HeaderLayout()
            : throw new MissingLibraryException($"{path} is MuJoCo {VersionText}, which is not supported; {Remedy}");

        // Left to itself the library writes MUJOCO_LOG.TXT into the working folder, and ends the process on an error.
        *(delegate* unmanaged[Cdecl]<byte*, void>*)NativeLibrary.GetExport(handle, "mju_user_warning") = &CountWarning;
        *(delegate* unmanaged[Cdecl]<byte*, void>*)NativeLibrary.GetExport(handle, "mju_user_error") = &Fail;
        MujocoSelfCheck.Run(this);
    }

    /// <summary>The library of this machine.</summary>
    /// <exception cref="MissingLibraryException">There is none that can be used.</exception>
    public static MujocoLibrary Instance =>
        Loaded.Value.Library ?? throw new MissingLibraryException(Loaded.Value.Refusal!);

    /// <summary>Why there is no library, in one line; null where there is one.</summary>
    public static string? Refusal => Loaded.Value.Refusal;

    /// <summary>
    /// How often the library warned in this process: an unstable simulation (which it then resets), or more contacts
    /// than it has room for.
    /// </summary>
    public static int Warnings => Volatile.Read(ref s_warnings);

    /// <summary>The file, or the name under which the system found it.</summary>
    public string Path { get; }

    /// <summary>What mj_version says: 222 for 2.2.2.</summary>
    public int Version { get; }

    /// <summary>The version as people write it.</summary>
    public string VersionText => Version >= 1_000_000
        ? $"{Version / 1_000_000}.{Version / 1000 % 1000}.{Version % 1000}"
        : $"{Version / 100}.{Version / 10 % 10}.{Version % 10}";

    /// <summary>The way to the numbers of a simulation.</summary>
    internal IStateAccess State { get; }

    /// <summary>Compiles a model file.</summary>
    /// <returns>The mjModel, owned by the caller.</returns>
    /// <exception cref="InvalidFileException">The file is no model.</exception>
    internal nint LoadXml(string path)
    {
        byte* error = stackalloc byte[ErrorLength];
        error[0] = 0;
        nint name = Marshal.StringToCoTaskMemUTF8(path);
        try
        {
            nint model = _loadXml((byte*)name, null, error, ErrorLength);
            if (model != 0)
                return model;
            string reason = Marshal.PtrToStringUTF8((nint)error) ?? string.Empty;
            throw new InvalidFileException(path, "not a MuJoCo model: " + reason.Trim().ReplaceLineEndings(" "));
        }
        finally
        {
            Marshal.FreeCoTaskMem(name);
        }
    }

    internal void DeleteModel(nint model) => _deleteModel(model);

    internal nint MakeData(nint model) => _makeData(model) is var data and not 0 ? data : throw new OutOfMemoryException("MuJoCo has no memory for a simulation");

    internal void DeleteData(nint data) => _deleteData(data);

    internal void Reset(nint model, nint data) => _resetData(model, data);

    internal void ResetToKeyframe(nint model, nint data, int keyframe) => _resetDataKeyframe(model, data, keyframe);

    internal void Forward(nint model, nint data) => _forward(model, data);

    internal void Step(nint model, nint data) => _step(model, data);

    /// <summary>The first library that can be used; where there is none, why the first that was there cannot.</summary>
    private static (MujocoLibrary? Library, string? Refusal) Find()
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } given)
            return TryLoad(given) ?? (null, $"{PathVariable} is '{given}'; allowed is the file of a MuJoCo library");
        string? refusal = null;
        foreach (string candidate in MujocoFiles.Candidates())
        {
            if (TryLoad(candidate) is not { } found)
                continue;
            if (found.Library is not null)
                return found;
            refusal ??= found.Refusal;
        }

        return (null, refusal ?? $"MuJoCo was not found; {Remedy}");
    }

    /// <summary>Null where there is no such file.</summary>
    private static (MujocoLibrary? Library, string? Refusal)? TryLoad(string file)
    {
        if (!NativeLibrary.TryLoad(file, out nint handle))
            return null;
        try
        {
            return (new MujocoLibrary(file, handle), null);
        }
        catch (MissingLibraryException unusable)
        {
            return (null, unusable.Message);
        }
        catch (EntryPointNotFoundException)
        {
            return (null, $"{file} is not a MuJoCo library, or one that is not supported; {Remedy}");
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CountWarning(byte* message) => Interlocked.Increment(ref s_warnings);

    /// <summary>The library cannot go on after an error, and no exception can cross its frames.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Fail(byte* message) =>
        Environment.FailFast("MuJoCo: " + Marshal.PtrToStringUTF8((nint)message));
}
