using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EDA.Kernels;

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

    private const int ErrorLength = 1024;

    // mjOBJ_BODY of mjtObj, the same in every release.
    private const int BodyKind = 1;

    private static int s_warnings;

    private readonly delegate* unmanaged[Cdecl]<byte*, void*, byte*, int, nint> _loadXml;
    private readonly delegate* unmanaged[Cdecl]<nint, void> _deleteModel;
    private readonly delegate* unmanaged[Cdecl]<nint, nint> _makeData;
    private readonly delegate* unmanaged[Cdecl]<nint, void> _deleteData;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, void> _resetData;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, int, void> _resetDataKeyframe;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, void> _forward;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, void> _step;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, void> _kinematics;
    private readonly delegate* unmanaged[Cdecl]<nint, double*, double*, double*, double*, int, byte, void> _localToGlobal;
    private readonly delegate* unmanaged[Cdecl]<nint, int, byte*, int> _nameToId;

    private MujocoLibrary(LoadedLibrary library)
    {
        Path = library.Path;
        Version = ((delegate* unmanaged[Cdecl]<int>)library.Address("mj_version"))();
        _loadXml = (delegate* unmanaged[Cdecl]<byte*, void*, byte*, int, nint>)library.Address("mj_loadXML");
        _deleteModel = (delegate* unmanaged[Cdecl]<nint, void>)library.Address("mj_deleteModel");
        _makeData = (delegate* unmanaged[Cdecl]<nint, nint>)library.Address("mj_makeData");
        _deleteData = (delegate* unmanaged[Cdecl]<nint, void>)library.Address("mj_deleteData");
        _resetData = (delegate* unmanaged[Cdecl]<nint, nint, void>)library.Address("mj_resetData");
        _resetDataKeyframe = (delegate* unmanaged[Cdecl]<nint, nint, int, void>)library.Address("mj_resetDataKeyframe");
        _forward = (delegate* unmanaged[Cdecl]<nint, nint, void>)library.Address("mj_forward");
        _step = (delegate* unmanaged[Cdecl]<nint, nint, void>)library.Address("mj_step");
        _kinematics = (delegate* unmanaged[Cdecl]<nint, nint, void>)library.Address("mj_kinematics");
        _localToGlobal = (delegate* unmanaged[Cdecl]<nint, double*, double*, double*, double*, int, byte, void>)library.Address("mj_local2Global");
        _nameToId = (delegate* unmanaged[Cdecl]<nint, int, byte*, int>)library.Address("mj_name2id");
        State = StateFunctions.TryCreate(library.Handle) is { } functions ? functions
            : Version == HeaderLayout.Version ? new HeaderLayout()
            : throw new MissingLibraryException($"{Path} is MuJoCo {VersionText}, which is not supported");

        // Left to itself the library writes MUJOCO_LOG.TXT into the working folder, and ends the process on an error.
        *(delegate* unmanaged[Cdecl]<byte*, void>*)library.Address("mju_user_warning") = &CountWarning;
        *(delegate* unmanaged[Cdecl]<byte*, void>*)library.Address("mju_user_error") = &Fail;
        MujocoSelfCheck.Run(this);
    }

    /// <summary>This machine's.</summary>
    public static MachineLibrary<MujocoLibrary> OfMachine { get; } = new(
        "MuJoCo",
        "the environments with robots",
        $"install Debian's package libmujoco2.2.2, or set {PathVariable} to the file of a MuJoCo 3 library",
        MujocoFiles.Candidates,
        library => new MujocoLibrary(library))
    {
        Variable = PathVariable,
        ReadVersion = library => library.VersionText,
    };

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

    /// <summary>Places the bodies as the coordinates say.</summary>
    internal void Kinematics(nint model, nint data) => _kinematics(model, data);

    /// <summary>Maps a point [3] from a body's frame to the world's.</summary>
    internal void LocalToGlobal(nint data, int body, ReadOnlySpan<double> point, Span<double> place)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(point.Length, 3);
        ArgumentOutOfRangeException.ThrowIfNotEqual(place.Length, 3);

        // The frame that is asked for stands at the point and is not turned; how it lies in the world is not looked at.
        double* turn = stackalloc double[4];
        double* axes = stackalloc double[9];
        (turn[0], turn[1], turn[2], turn[3]) = (1, 0, 0, 0);
        fixed (double* from = point, to = place)
            _localToGlobal(data, to, axes, from, turn, body, 0);
    }

    /// <summary>A body's number; below 0 where there is none of that name.</summary>
    internal int FindBody(nint model, string name)
    {
        nint text = Marshal.StringToCoTaskMemUTF8(name);
        try
        {
            return _nameToId(model, BodyKind, (byte*)text);
        }
        finally
        {
            Marshal.FreeCoTaskMem(text);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CountWarning(byte* message) => Interlocked.Increment(ref s_warnings);

    /// <summary>The library cannot go on after an error, and no exception can cross its frames.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Fail(byte* message) =>
        Environment.FailFast("MuJoCo: " + Marshal.PtrToStringUTF8((nint)message));
}
